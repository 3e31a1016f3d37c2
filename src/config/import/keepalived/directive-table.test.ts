import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderDirectiveTable } from './directive-table.ts';
import { importKeepalived } from './import-keepalived.ts';

const GUIDE = join(import.meta.dirname, '../../../../docs/guide/migrate-from-keepalived.md');
const BETWEEN = /(<!-- directives -->\n)[\s\S]*?(\n<!-- \/directives -->)/;

test('renderDirectiveTable() is what the guide prints', () => {
  const text = readFileSync(GUIDE, 'utf8');
  assert.match(text, BETWEEN);
  const wanted = text.replace(
    BETWEEN,
    (_, head: string, tail: string) => head + renderDirectiveTable() + tail,
  );
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GUIDE, wanted);
  assert.equal(readFileSync(GUIDE, 'utf8'), wanted);
});

const YAML = /(```yaml\n)([\s\S]*?)(```)/;

test('importKeepalived() makes of the example of the guide what stands below it', () => {
  const text = readFileSync(GUIDE, 'utf8');
  const before = /```conf\b.*\n([\s\S]*?)```/.exec(text)?.[1];
  assert.ok(before !== undefined);
  const { yaml } = importKeepalived({ file: 'keepalived.conf', text: before, readInclude: () => [] });
  if (process.env.UPDATE_GOLDEN === '1')
    writeFileSync(
      GUIDE,
      text.replace(YAML, (_, head: string, _old: string, tail: string) => head + yaml + tail),
    );
  assert.equal(YAML.exec(readFileSync(GUIDE, 'utf8'))?.[2], yaml);
});

// Every check type has its page, and the page names every key of the type and no other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkSchemas } from '../../config/schema/health.ts';
import { CHECK_TYPES } from '../../model/health-check.ts';

const shared = keysOf('README', 'device');

function keysOf(page: string, marker = ''): ReadonlySet<string> {
  const text = readFileSync(join(import.meta.dirname, `${page}.md`), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  if (marker !== '' && !text.includes(`\`${marker}\``)) assert.fail(`${page}.md does not tell of ${marker}`);
  return new Set(
    rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([a-z_]+)`/g)].map(([, key]) => key!)),
  );
}

for (const type of CHECK_TYPES)
  test(`${type}.md names the keys of its check type`, () => {
    const keys = Object.keys(checkSchemas[type].shape).filter((key) => key !== 'type' && !shared.has(key));

    assert.deepEqual([...keysOf(type)].sort(), keys.sort());
  });

test('README.md names the keys that all types share', () => {
  const common = Object.keys(checkSchemas.fixed.shape).filter((key) => key !== 'type' && key !== 'state');

  assert.deepEqual([...shared].sort(), common.sort());
});

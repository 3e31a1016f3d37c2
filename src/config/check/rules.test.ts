// Every rule of the catalogue, with the message a person sees: testdata/rules/<rule>.in.yaml -> <rule>.out.txt.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { SecretReading } from '../decode/secret-reader.ts';
import { renderDiagnostics } from '../diagnostics/render-diagnostics.ts';
import { loadTexts } from '../load-text.ts';
import type { Source } from '../source.ts';
import { RULES } from './rules.ts';
import { YAML_RULES } from './rules-yaml.ts';

const DIR = join(import.meta.dirname, '../testdata/rules');
const ENV = { WORD: 'word', LONG_WORD: 'much-too-long' };
const names = globSync('*.in.yaml', { cwd: DIR })
  .map((file) => basename(file, '.in.yaml'))
  .sort();

function readSecret(path: string): SecretReading {
  if (path === '/secrets/open') return { ok: true, text: 'word\n', openMode: '0644' };
  return { ok: false, why: 'no such file' };
}

function run(name: string) {
  const sources: Source[] = [
    { file: 'config.yaml', text: readFileSync(join(DIR, `${name}.in.yaml`), 'utf8'), role: 'main' },
  ];
  const more = join(DIR, `${name}.more.yaml`);
  if (existsSync(more))
    sources.push({ file: 'config.d/more.yaml', text: readFileSync(more, 'utf8'), role: 'included' });
  return loadTexts(sources, ENV, { readSecret });
}

for (const name of names) {
  test(`loadConfig() reports ${name}`, () => {
    const { diagnostics, intent } = run(name);

    const rule = RULES[name as keyof typeof RULES];
    assert.ok(
      diagnostics.some((one) => one.rule === name && one.severity === rule.severity),
      `no ${name} among ${diagnostics.map((one) => one.rule).join(', ') || 'no diagnostics'}`,
    );
    assert.equal(
      intent === undefined,
      diagnostics.some((one) => one.severity === 'error'),
    );
    for (const one of diagnostics) {
      assert.ok(one.rule in RULES, `${one.rule} is not in the catalogue`);
      assert.ok(one.place !== undefined, `${one.rule} has no place`);
    }
    const text = renderDiagnostics(diagnostics, { colour: false, width: 120 });
    const golden = join(DIR, `${name}.out.txt`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

test('every rule but those of the file door and the YAML reader has a case', () => {
  const own = Object.keys(RULES).filter((rule) => !(rule in YAML_RULES) && rule !== 'too-many');

  assert.deepEqual(names, own.sort());
});

test('what the file door and the YAML reader can say is in the catalogue, and nothing else', () => {
  const root = join(import.meta.dirname, '../..');
  const said = new Set<string>();
  for (const file of globSync(['doors/file/*.ts', 'config/yaml/*.ts', 'config/format/*.ts'], { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, word] of text.matchAll(/'([a-z0-9]+(?:-[a-z0-9]+)+)'/g))
      if (word! in RULES) said.add(word!);
    for (const [, rule] of text.matchAll(/\brule: '([^']+)'/g))
      assert.ok(rule! in RULES, `${file} says ${rule}`);
  }

  const silent = Object.keys(YAML_RULES).filter((rule) => !said.has(rule));
  assert.deepEqual(silent, []);
});

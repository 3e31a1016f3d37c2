// Two YAML readers, one value: what js-yaml and `yaml` do not read alike must not get through parseYaml().
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { mutate, randomFrom } from '../../../test/fixtures/damage.ts';
import { yamlText } from '../../../test/fixtures/yaml-documents.ts';
import { parseYaml } from './parse-yaml.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const EXAMPLE_TEXTS = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(new URL(name, EXAMPLES), 'utf8'));

/** Undefined where parseYaml() refuses the text, which is always safe. */
function assertAgreement(text: string): boolean {
  const parsed = parseYaml({ file: 'f', text, role: 'main' });
  if (!parsed.ok) return false;
  const document = parseDocument(text, {
    merge: true,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const context = JSON.stringify(text);
  assert.deepEqual(
    document.errors.map((error) => error.message),
    [],
    `accepted, but yaml refuses: ${context}`,
  );
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  assert.deepEqual(plain(parsed.file.value), plain(value), context);
  return true;
}

/** Minus zero is zero to us, and a file of comments is an empty map. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? {}, (_, inner) => (typeof inner === 'number' ? String(inner) : inner)),
  );
}

test('parseYaml() reads generated documents as yaml does', () => {
  let read = 0;
  fc.assert(
    fc.property(yamlText, (text) => {
      if (assertAgreement(text)) read++;
    }),
    { numRuns: 1500 },
  );
  // All are right by construction: a property over refused documents would prove nothing.
  assert.ok(read >= 1500, `${read}`);
});

test('parseYaml() reads every example as yaml does', () => {
  for (const text of EXAMPLE_TEXTS) assert.ok(assertAgreement(text));
});

test('parseYaml() accepts no damaged text that yaml refuses or reads otherwise', () => {
  const corpus = EXAMPLE_TEXTS.map((text) => text.split('\n'));
  let read = 0;
  for (let seed = 1; seed <= 4000; seed++) {
    try {
      if (assertAgreement(mutate(corpus, randomFrom(seed)))) read++;
    } catch (error) {
      assert.fail(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  assert.ok(read > 400, `only ${read} of 4000 damaged texts were read`);
});

// loadConfig() on whatever JSON can say: it answers with an Intent or with faults, in bounded time, and never throws.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { isRuleId } from './check/rules.ts';
import { loadConfig } from './load.ts';
import { MOST_SHOWN } from './render-findings.ts';
import { mainSchema } from './schema/document.ts';
import { type Outline, outlineOf, outlineOfShared } from './schema/outline.ts';
import type { ParsedFile } from './source.ts';

function fileOf(value: unknown, role: 'main' | 'included'): ParsedFile {
  const file = role === 'main' ? 'config.yaml' : 'more.yaml';
  return {
    source: { file, text: '', role },
    value,
    locate: () => ({ file, line: 1, column: 1 }),
    excerpt: () => '',
  };
}

function holds(main: unknown, included: unknown): void {
  const started = cpuMs();
  const { intent, hash, diagnostics } = loadConfig([fileOf(main, 'main'), fileOf(included, 'included')], {
    HOME: '/',
  });

  assert.equal(
    intent === undefined,
    diagnostics.some((one) => one.severity === 'error'),
  );
  assert.equal(hash === undefined, intent === undefined);
  assert.ok(diagnostics.length <= 2 * (MOST_SHOWN + 1));
  for (const one of diagnostics) assert.ok(isRuleId(one.rule) && one.message !== '', one.rule);
  assert.ok(cpuMs() - started < 2000, 'took too long');
}

const WORDS = [
  'web',
  'a',
  '80',
  '8000-8010',
  '192.0.2.10',
  '10.0.0.1',
  '2001:db8::1',
  '10.0.0.0/8',
  '5s',
  '0s',
  'tcp',
  'http',
  '${X}',
  '$$',
  '__proto__',
  'constructor',
  '/x',
  '',
];
const scalar = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.integer({ min: -2, max: 70_000 }),
  fc.boolean(),
  fc.constant(null),
  fc.double(),
);

/** A value of about the right kind: mostly what the key takes, now and then anything. */
function near(outline: Outline, depth: number): fc.Arbitrary<unknown> {
  const right = fitting(outline, depth);
  return fc.oneof(
    { weight: 30, arbitrary: right },
    { weight: 1, arbitrary: scalar },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}

function fitting(outline: Outline, depth: number): fc.Arbitrary<unknown> {
  switch (outline.kind) {
    case 'scalar': {
      const { allowed, type } = outline.doc;
      if (type === 'word') return fc.constantFrom(...(allowed ?? '').split(', '));
      if (type === 'whole number') return fc.constantFrom(...(allowed ?? '1-2').split(/[-,] ?/).map(Number));
      return scalar;
    }
    case 'word':
      return fc.constant(outline.value);
    case 'list':
      return depth > 6 ? fc.constant([]) : fc.array(near(outline.item, depth + 1), { maxLength: 3 });
    case 'table':
      return fc.dictionary(fc.constantFrom(...WORDS), near(outline.value, depth + 1), { maxKeys: 3 });
    case 'choice':
      return fc.oneof(...outline.choices.map((choice) => near(choice.value, depth + 1)));
    case 'shared':
      return fitting(outlineOfShared(outline.name), depth);
    case 'block': {
      const required = outline.keys.filter((key) => key.required).map((key) => key.key);
      const shape = Object.fromEntries(outline.keys.map((key) => [key.key, near(key.value, depth + 1)]));
      return fc.record(shape, { requiredKeys: required });
    }
  }
}

test('loadConfig() never throws on arbitrary JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue(), (main, included) => holds(main, included)),
    { numRuns: 7000 },
  );
});

test('loadConfig() never throws on keys of the language with values of other kinds', () => {
  const keys = fc.constantFrom(
    ...Object.keys(mainSchema.shape),
    'services',
    'vrrp',
    'observability',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue({ maxDepth: 5 })), (main) => holds(main, main)),
    { numRuns: 3000 },
  );
});

test('loadConfig() never throws on what nearly is a configuration', () => {
  const listeners = fitting(outlineOf(mainSchema.shape.listeners), 0);
  const pools = fitting(outlineOf(mainSchema.shape.pools), 0);
  const vips = fitting(outlineOf(mainSchema.shape.vips), 0);
  const ha = fitting(outlineOf(mainSchema.shape.ha), 0);
  const main = fc.record({ listeners, pools, vips, ha }, { requiredKeys: [] });
  fc.assert(
    fc.property(main, fc.record({ listeners }, { requiredKeys: [] }), (one, other) => holds(one, other)),
    { numRuns: 1000 },
  );
});

test('loadConfig() answers to a hundred and fifty thousand faults in one list, table or block', () => {
  const many = Array.from({ length: 150_000 }, () => ({ wrong: true }));
  const keys = Object.fromEntries(many.map((value, index) => [`k${index}`, value]));
  for (const main of [
    keys,
    { listeners: many },
    { listeners: [{ members: many }] },
    { system: { sysctl: keys } },
  ]) {
    const { diagnostics } = loadConfig([fileOf(main, 'main')], {});
    assert.ok(diagnostics.length <= 2 * (MOST_SHOWN + 1));
    assert.equal(diagnostics.find((one) => one.rule === 'too-many')?.severity, 'error');
  }
});

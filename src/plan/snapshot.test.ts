import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { item, itemMap } from '../model/item.ts';
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts';

const SNAPSHOT: Snapshot = new Map([
  [
    'ipvs',
    {
      items: itemMap([
        item('listener', 'tcp/192.0.2.10:80', { scheduler: 'rr', adopt: true }),
        item('member', 'tcp/192.0.2.10:80 > 10.0.0.1:80', { weight: 1 }, 'tcp/192.0.2.10:80'),
      ]),
      foreign: itemMap([item('listener', 'tcp/192.0.2.10:81', {})]),
    },
  ],
]);

function faultsOf(text: string): readonly string[] {
  const result = readSnapshot(text);
  return result.ok ? [] : result.faults;
}

test('readSnapshot() reads what writeSnapshot() wrote', () => {
  const result = readSnapshot(writeSnapshot(SNAPSHOT));

  assert.deepEqual(result, { ok: true, snapshot: SNAPSHOT });
});

const HEAD = '"format":"steelyard-items","version":1';
const REFUSED: readonly (readonly [name: string, text: string, fault: RegExp])[] = [
  ['nothing', '', /as it is no JSON/],
  ['another kind of value', '[1]', /must be an object: current value is \[1\]/],
  ['another file', '{"a":1}', /"format" must be "steelyard-items": current value is absent/],
  ['another version', '{"format":"steelyard-items","version":2}', /"version" must be 1: current value is 2/],
  ['no drivers', `{${HEAD}}`, /"drivers" must be an object/],
  [
    'items that are no list',
    `{${HEAD},"drivers":{"ipvs":{"items":{}}}}`,
    /"drivers.ipvs.items" must be a list/,
  ],
  [
    'an item without a key',
    `{${HEAD},"drivers":{"d":{"items":[{"kind":"x","fields":{}}]}}}`,
    /"drivers.d.items\[0\].key" must be a text: current value is absent/,
  ],
  [
    'a nested field',
    `{${HEAD},"drivers":{"d":{"items":[{"kind":"x","key":"k","fields":{"a":[1]}}]}}}`,
    /"drivers.d.items\[0\].fields.a" must be a text, a number/,
  ],
  [
    'a key twice',
    `{${HEAD},"drivers":{"d":{"items":[{"kind":"x","key":"k","fields":{}},{"kind":"x","key":"k","fields":{}}]}}}`,
    /items\[1\].key" must be unique/,
  ],
];

for (const [name, text, fault] of REFUSED)
  test(`readSnapshot() refuses ${name}, naming the place`, () => {
    assert.match(faultsOf(text).join('\n'), fault);
  });

test('readSnapshot() tells all faults at once, up to a limit', () => {
  const items = Array.from({ length: 50 }, () => ({}));
  const faults = faultsOf(`{${HEAD},"drivers":{"d":{"items":${JSON.stringify(items)}}}}`);

  assert.equal(faults.length, 21);
  assert.equal(faults.at(-1), '130 more');
});

test('readSnapshot() never throws, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{${HEAD},"drivers":{"d":{"items":[${json}]}}}`),
      ),
      (text) => {
        const result = readSnapshot(text);
        assert.ok(result.ok || result.faults.length > 0);
      },
    ),
    { numRuns: 500 },
  );
});

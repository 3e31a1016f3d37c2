// didYouMean(): near words are found, far ones are not, cost stays bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { didYouMean, editDistance } from './did-you-mean.ts';

const KEYS = [
  'name',
  'vip',
  'vips',
  'port',
  'ports',
  'protocol',
  'scheduler',
  'members',
  'health',
  'max_connections',
];
const WORDS = ['tcp', 'udp', 'sctp', 'http', 'https', 'tls'];

const CASES: readonly (readonly [
  word: string,
  candidates: readonly string[],
  expected: string | undefined,
])[] = [
  ['protocoll', KEYS, 'protocol'],
  ['sheduler', KEYS, 'scheduler'],
  ['schedluer', KEYS, 'scheduler'],
  ['sched', KEYS, 'scheduler'],
  ['prot', KEYS, 'port'],
  ['memebrs', KEYS, 'members'],
  ['maxConnections', KEYS, 'max_connections'],
  ['Max-Connections', KEYS, 'max_connections'],
  ['helth', KEYS, 'health'],
  ['TCP', WORDS, 'tcp'],
  ['htps', WORDS, 'https'],
  ['drp', WORDS, undefined],
  ['x', WORDS, undefined],
  ['', WORDS, undefined],
  ['colour', KEYS, undefined],
  ['tcp', ['tcp'], undefined],
  ['anything', [], undefined],
];

for (const [word, candidates, expected] of CASES) {
  test(`didYouMean() answers ${expected ?? 'nothing'} for "${word}"`, () => {
    assert.equal(didYouMean(word, candidates), expected);
  });
}

test('didYouMean() ignores words of hostile length at once', () => {
  const started = cpuMs();

  for (let i = 0; i < 1000; i++) assert.equal(didYouMean('a'.repeat(1_000_000), KEYS), undefined);

  assert.ok(cpuMs() - started < 500);
});

test('editDistance() counts a swap as one slip', () => {
  assert.equal(editDistance('prot', 'port'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});

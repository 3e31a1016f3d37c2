import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type CheckResult,
  initialState,
  isInDoubt,
  type JudgeSettings,
  type JudgeState,
  judge,
} from './judge.ts';

const SETTINGS: JudgeSettings = { rise: 2, fall: 3, first: 'first', flapLimit: 0, flapWindowMs: 60_000 };

function run(results: string, settings: JudgeSettings = SETTINGS): JudgeState[] {
  let state = initialState(settings.first, 0);
  return [...results].map((letter, index) => {
    const result: CheckResult =
      letter === '+'
        ? { ok: true, latencyMs: 1, atMs: index + 1 }
        : { ok: false, error: 'refused', latencyMs: 1, atMs: index + 1 };
    state = judge(state, result, settings);
    return state;
  });
}

function verdicts(results: string, settings: JudgeSettings = SETTINGS): string {
  return run(results, settings)
    .map((state) => ({ up: 'U', down: 'D', unknown: '?' })[state.verdict])
    .join('');
}

describe('judge()', () => {
  const cases = [
    { name: 'lets the first result decide', results: '+', settings: SETTINGS, expected: 'U' },
    { name: 'lets a failing first result decide', results: '-', settings: SETTINGS, expected: 'D' },
    {
      name: 'falls after three failures in a row',
      results: '+--+---',
      settings: SETTINGS,
      expected: 'UUUUUUD',
    },
    { name: 'rises after two successes in a row', results: '-+-++', settings: SETTINGS, expected: 'DDDDU' },
    {
      name: 'keeps the benefit of fall when up is assumed',
      results: '---',
      settings: { ...SETTINGS, first: 'up' as const },
      expected: 'UUD',
    },
    {
      name: 'waits for rise when down is assumed',
      results: '++',
      settings: { ...SETTINGS, first: 'down' as const },
      expected: 'DU',
    },
    {
      name: 'asks for twice the rise while flapping',
      results: '+-+-+-++++',
      settings: { ...SETTINGS, rise: 1, fall: 1, flapLimit: 3 },
      expected: 'UDUDDDDUUU',
    },
  ];
  for (const { name, results, settings, expected } of cases) {
    it(name, () => assert.equal(verdicts(results, settings), expected));
  }

  it('moves the time of the verdict only when the verdict turns', () => {
    const since = run('+--+---').map((state) => state.sinceMs);

    assert.deepEqual(since, [1, 1, 1, 1, 1, 1, 7]);
  });

  it('keeps the last error until the member is well again', () => {
    const errors = run('-+++').map((state) => state.lastError);

    assert.deepEqual(errors, ['refused', 'refused', 'refused', undefined]);
  });

  it('needs exactly fall failures in a row to leave up, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (history, fall) => {
          const settings = { ...SETTINGS, fall, rise: 1 };
          const text = `${history.map((ok) => (ok ? '+' : '-')).join('')}+${'-'.repeat(fall)}`;
          const states = run(text, settings);

          assert.equal(states.at(-2)!.verdict, 'up');
          assert.equal(states.at(-1)!.verdict, 'down');
        },
      ),
    );
  });
});

describe('isInDoubt()', () => {
  it('holds while nothing is known and while results disagree', () => {
    assert.equal(isInDoubt(initialState('up', 0)), true);

    const doubts = run('+-+').map(isInDoubt);

    assert.deepEqual(doubts, [false, true, false]);
  });
});

// An operator's word holds once it is kept, and as long as there is a member that it is about.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BootTime } from '../../kernel/boot-time.ts';
import { OpError } from '../../model/errors.ts';
import type { EngineFact } from '../../model/facts.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { type KeptOverride, NodeFacts } from './facts.ts';

const there: EngineFact = { available: true };
const engines: Record<ConcreteEngine, EngineFact> = {
  ipvs: there,
  xdp: there,
  haproxy: there,
  memory: there,
};
const quiet = { health: { health: () => new Map() }, roles: () => new Map(), engines };
const NOON = 1_795_000_000_000;
const HOUR = 3_600_000;

test('setOverride() changes nothing where it cannot be kept', () => {
  let isFull = false;
  const facts = new NodeFacts({
    ...quiet,
    nowMs: () => 0,
    keepGone: () => undefined,
    keepSoon: (write) => write(),
    keepOverrides: () => {
      if (isFull)
        throw new OpError('STATE_UNWRITABLE', 'Cannot write "overrides" to state.db: full', { op: 'write' });
    },
  });
  facts.setOverride('web/w1', { state: 'down', by: 'ops' });
  isFull = true;

  assert.throws(() => facts.setOverride('web/w2', { state: 'drain', by: 'ops' }), {
    code: 'STATE_UNWRITABLE',
  });
  assert.throws(() => facts.setOverride('web/w1', undefined), { code: 'STATE_UNWRITABLE' });
  assert.deepEqual([...facts.read().overrides.keys()], ['web/w1']);
});

test('setMembers() forgets overrides of members that were gone for an hour, over restarts too', () => {
  let nowMs = 0;
  let kept: { overrides: readonly KeptOverride[]; gone: (readonly [string, number])[] } = {
    overrides: [],
    gone: [],
  };
  const start = (): NodeFacts =>
    new NodeFacts({
      ...quiet,
      ...kept,
      nowMs: () => nowMs,
      keepSoon: (write) => write(),
      keepOverrides: (overrides) => {
        kept = { ...kept, overrides };
      },
      keepGone: (gone) => {
        kept = { ...kept, gone: [...gone] };
      },
    });
  const facts = start();
  facts.setOverride('web/w1', { state: 'down', by: 'ops' });
  facts.setOverride('web/w2', { state: 'drain', by: 'ops' });
  const [both, one] = [new Set(['web/w1', 'web/w2']), new Set(['web/w2'])];
  assert.deepEqual(facts.setMembers(both), []);

  assert.deepEqual(facts.setMembers(one), []);
  nowMs += 3_599_999;
  assert.deepEqual(facts.setMembers(both), [], 'a rollback that was undone');
  assert.deepEqual([...facts.overrides().keys()], ['web/w1', 'web/w2']);

  facts.setMembers(one);
  nowMs += 3_600_000;
  const again = start();
  assert.deepEqual(again.setMembers(both), ['web/w1']);
  assert.deepEqual([...again.overrides().keys()], ['web/w2']);
  assert.deepEqual(
    kept.overrides.map(([member]) => member),
    ['web/w2'],
  );
});

test('read() ends overrides in time, whatever becomes of the clock and the disk', () => {
  let nowMs = 1000;
  let isFull = false;
  const facts = new NodeFacts({
    ...quiet,
    nowMs: () => nowMs,
    bootTime: () => undefined,
    keepGone: () => undefined,
    keepOverrides: () => assert.equal(isFull, false),
    keepSoon: () => undefined,
  });
  facts.setOverride('web/w1', { state: 'down', by: 'ops', untilMs: 2000 });
  facts.setOverride('web/w2', { state: 'drain', by: 'ops', why: 'kernel', untilMs: 2000 });
  facts.setOverride('web/w3', { state: 'up', by: 'ops' });
  assert.equal(facts.read().overrides.size, 3);
  isFull = true;

  nowMs = 2000;
  facts.read();
  nowMs = 0;
  assert.deepEqual(
    [...facts.read().overrides],
    [
      ['web/w2', { state: 'down', by: 'ops', why: 'kernel' }],
      ['web/w3', { state: 'up', by: 'ops' }],
    ],
  );
});

/** A member down for an hour since noon, asked again at other clocks, after a restart of the daemon or within one run. */
function laterOf(isRestart: boolean, then: { readonly nowMs: number; readonly up: BootTime | undefined }) {
  let now: { nowMs: number; up: BootTime | undefined } = { nowMs: NOON, up: { boot: 'one', upMs: HOUR } };
  let kept: readonly KeptOverride[] = [];
  const start = (): NodeFacts =>
    new NodeFacts({
      ...quiet,
      overrides: kept,
      nowMs: () => now.nowMs,
      bootTime: () => now.up,
      keepGone: () => undefined,
      keepSoon: (write) => write(),
      keepOverrides: (overrides) => {
        kept = JSON.parse(JSON.stringify(overrides));
      },
    });
  const first = start();
  first.setOverride('web/w1', { state: 'down', by: 'ops', untilMs: NOON + HOUR });
  now = then;
  const facts = isRestart ? start() : first;
  const untilMs = facts.read().overrides.get('web/w1')?.untilMs;
  return untilMs === undefined ? 'over' : untilMs - then.nowMs;
}

test('read() ends an override by the time the machine is up, whatever the clock was set to', () => {
  for (const isRestart of [true, false]) {
    const [soon, late] = [
      { boot: 'one', upMs: 1.25 * HOUR },
      { boot: 'one', upMs: 2 * HOUR },
    ];
    for (const nowMs of [NOON + HOUR / 4, NOON - 100 * HOUR, NOON + 100 * HOUR]) {
      assert.equal(laterOf(isRestart, { nowMs, up: soon }), 0.75 * HOUR);
      assert.equal(laterOf(isRestart, { nowMs, up: late }), 'over');
    }
  }
});

test('read() after the machine started anew ends an override by the clock, no later than was asked for', () => {
  for (const up of [{ boot: 'two', upMs: 5000 }, undefined]) {
    assert.equal(laterOf(true, { nowMs: NOON + HOUR / 4, up }), 0.75 * HOUR);
    assert.equal(laterOf(true, { nowMs: NOON - 100 * HOUR, up }), HOUR);
    assert.equal(laterOf(true, { nowMs: NOON + 100 * HOUR, up }), 'over');
  }
});

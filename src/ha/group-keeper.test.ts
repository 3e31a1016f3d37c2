// One group on this node over time: what is told of its roles.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup } from '../../test/fixtures/build-intent.ts';
import { WELL } from '../../test/fixtures/group-inputs.ts';
import { FakeClock } from '../lib/clock.ts';
import { GroupKeeper } from './group-keeper.ts';

test('GroupKeeper tells in whole milliseconds how long a role lasted: scripts reckon with it', () => {
  const clock = new FakeClock(0.25);
  const lasted: number[] = [];
  const group = buildGroup('pair', ['www'], { chooser: 'vrrp' });
  const keeper = new GroupKeeper(group, 0, 'standby', {
    clock,
    inputs: () => WELL,
    onChange: (_keeper, _from, lastedMs) => lasted.push(lastedMs),
  });

  clock.advance(1500.4);
  keeper.choose({ kind: 'vrrp', role: 'active' });
  keeper.decide(WELL);

  assert.deepEqual(lasted, [1500]);
});

/** Fails again and again until it is trusted no more, and is well at the end. */
function flapping(peer: 'reports' | 'is seen'): GroupKeeper {
  const clock = new FakeClock(0);
  const group = buildGroup('pair', ['www'], { chooser: 'bfd', preempt: true });
  const keeper = new GroupKeeper(group, 0, 'standby', { clock, inputs: () => WELL, onChange: () => {} });
  for (let i = 0; i < 5; i++) {
    for (const faults of [[], ['disk']]) {
      keeper.choose({ kind: 'peers', alive: 'no' });
      keeper.decide({ ...WELL, faults });
      clock.advance(100);
    }
  }
  keeper.choose({ kind: 'peers', alive: 'some' });
  if (peer === 'reports') {
    const untilMs = clock.nowMs() + 1000;
    keeper.report({ node: 'lb-b', role: 'active', epoch: 9, priority: 100, untilMs });
  }
  keeper.decide(WELL);
  return keeper;
}

test('GroupKeeper: while a role is held back its node is no match for the peer that carries it meanwhile', () => {
  const { role, reason, priority } = flapping('reports').status();

  assert.deepEqual([role, reason, priority], ['standby', 'Damped', 1]);
});

test('GroupKeeper: where the peer leaves it on sight alone nobody waits, however often it failed', () => {
  const { role, priority } = flapping('is seen').status();

  assert.deepEqual([role, priority], ['active', 150]);
});

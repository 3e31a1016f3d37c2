// What holds for roles whatever happens: one loser, epochs that only grow, flapping that dies down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CALM, delayMs } from './damping.ts';
import type { Verdict } from './decide.ts';
import { advance, initialState, type RoleState } from './role-machine.ts';
import { type Contender, losesTo } from './split-brain.ts';

const contender = (node: string): fc.Arbitrary<Contender> =>
  fc.record({
    node: fc.constant(node),
    priority: fc.integer({ min: 1, max: 254 }),
    epoch: fc.integer({ min: 0, max: 5 }),
  });

test('losesTo() makes exactly one of two nodes step down', () => {
  fc.assert(
    fc.property(contender('lb-a'), contender('lb-b'), (a, b) => {
      assert.notEqual(losesTo(a, b), losesTo(b, a));
    }),
  );
});

function verdict(role: 'active' | 'standby' | 'fault', epoch?: number): Verdict {
  const reason = role === 'active' ? 'Active' : role === 'fault' ? 'Fault' : 'Standby';
  return { role, reason, detail: '', done: false, ...(epoch === undefined ? {} : { epoch }) };
}

const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 5000 }),
    role: fc.constantFrom('active' as const, 'standby' as const, 'fault' as const),
    epoch: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    seen: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 60 },
);

test('advance() never lets an epoch go back, and each take-over has one of its own', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let state: RoleState = initialState(0, 0);
      let nowMs = 0;
      for (const { afterMs, role, seen } of all) {
        nowMs += afterMs;
        const before = state;
        state = advance(before, verdict(role), nowMs, seen).state;
        assert.ok(state.epoch >= before.epoch);
        if (before.role !== 'active' && state.role === 'active')
          assert.ok(state.epoch > before.epoch && state.epoch > seen);
      }
    }),
  );
});

test('advance() is never active on the word of an elector that speaks of an older epoch', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let state: RoleState = initialState(0, 0);
      let nowMs = 0;
      for (const { afterMs, role, epoch } of all) {
        nowMs += afterMs;
        const before = state.epoch;
        state = advance(state, verdict(role, epoch ?? 0), nowMs).state;
        if (state.role === 'active') assert.ok((epoch ?? 0) >= before);
      }
    }),
  );
});

test('advance() gives up at once, however often the role changed', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let state: RoleState = initialState(0, 0);
      let nowMs = 0;
      for (const { afterMs, role } of all) {
        nowMs += afterMs;
        state = advance(state, verdict(role), nowMs).state;
        if (role !== 'active') assert.equal(state.role, role);
      }
    }),
  );
});

test('advance() holds a role back that fails each second for a minute, and lets it come in the end', () => {
  let state = initialState(0, 0);
  let takeOvers = 0;
  let nowMs = 0;
  for (let second = 0; second < 60; second++)
    for (const role of ['active', 'fault'] as const) {
      nowMs += 500;
      const before = state.role;
      state = advance(state, verdict(role), nowMs).state;
      if (before !== 'active' && state.role === 'active') takeOvers++;
    }
  assert.ok(takeOvers <= 5, `${takeOvers} take-overs`);

  const held = advance(state, verdict('active'), nowMs);
  assert.equal(held.state.role === 'active' || held.wakeAtMs !== undefined, true);
  const later = advance(held.state, verdict('active'), held.wakeAtMs ?? nowMs);
  assert.equal(later.state.role, 'active');
});

test('delayMs() is nothing for a calm role', () => {
  assert.equal(delayMs(CALM, 1e9), 0);
});

test('advance() takes an address at once when nobody else is there, and after giving way to a better node', () => {
  let state = initialState(0, 0);
  for (let i = 0; i < 20; i++) {
    state = advance(state, verdict('active'), i).state;
    assert.equal(state.role, 'active');
    state = advance(state, verdict('standby'), i).state;
  }
  for (let i = 0; i < 20; i++)
    state = advance(
      advance(state, { ...verdict('active'), urgent: true }, 30).state,
      verdict('fault'),
      30,
    ).state;
  assert.equal(advance(state, verdict('active'), 31).state.role, 'standby');
  assert.equal(advance(state, { ...verdict('active'), urgent: true }, 31).state.role, 'active');
});

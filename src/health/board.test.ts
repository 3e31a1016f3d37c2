import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  TCP_CHECK,
} from '../../test/fixtures/build-intent.ts';
import type { HealthCheck } from '../model/health-check.ts';
import { HealthBoard } from './board.ts';
import { type CheckResult, initialState, judge } from './judge.ts';
import { settingsOf } from './runner.ts';

const CHECK: HealthCheck = { ...TCP_CHECK, rise: 2, fall: 2, first: 'first' };

function intentOf(pools: Parameters<typeof buildIntent>[0]['pools']) {
  return buildIntent({ pools: pools ?? [] });
}

/** What the runner does with a result: judge it, then tell the board. */
function hear(board: HealthBoard, key: string, result: CheckResult): readonly string[] {
  const check = board.probes().get(key)?.check ?? CHECK;
  const state = board.stateOf(key) ?? initialState('first', 0);
  return board.onState(key, judge(state, result, settingsOf(check)), result.atMs);
}

const pass = (atMs: number): CheckResult => ({ ok: true, latencyMs: 1, atMs });
const fail = (atMs: number, error = 'Connection refused'): CheckResult => ({
  ok: false,
  error,
  latencyMs: 1,
  atMs,
});

describe('HealthBoard', () => {
  it('shares one probe between pools that ask the same of the same member', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    const pools = [
      buildPool('a', [member], { checks: [CHECK] }),
      buildPool('b', [member], { checks: [CHECK] }),
    ];

    const { added } = board.setIntent(intentOf(pools), 0);

    assert.equal(added.length, 1);
    assert.deepEqual(added[0]!.members, [`a/${member.name}`, `b/${member.name}`]);
    assert.deepEqual(hear(board, added[0]!.key, pass(1)), [`a/${member.name}`, `b/${member.name}`]);
  });

  it('tells a member as unknown until it was heard of', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    board.setIntent(intentOf([buildPool('a', [member], { checks: [{ ...CHECK, first: 'up' }] })]), 0);

    assert.equal(board.health(0).get(`a/${member.name}`)!.state, 'unknown');
  });

  it('tells no assumption as a verdict, however many results are against it', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    const name = `a/${member.name}`;
    const stateOf = () => board.health(5).get(name)!;
    const heard = (first: 'up' | 'down', results: readonly CheckResult[]) => {
      board.setIntent(intentOf([]), 0);
      const { added } = board.setIntent(
        intentOf([buildPool('a', [member], { checks: [{ ...CHECK, first }], slowStartMs: 1000 })]),
        0,
      );
      return results.map((result) => {
        hear(board, added[0]!.key, result);
        return stateOf().state;
      });
    };

    assert.deepEqual(heard('down', [pass(1), pass(2)]), ['unknown', 'up']);
    assert.equal(stateOf().ramp, 1, 'never down, so no slow start');
    assert.deepEqual(heard('up', [fail(1), fail(2)]), ['unknown', 'down']);
    assert.deepEqual(heard('down', [fail(1), pass(2)]), ['down', 'down']);
    assert.deepEqual(heard('up', [pass(1), fail(2), fail(3)]), ['up', 'up', 'down']);
  });

  it('wants every check of a member to pass and tells the reason of the one that fails', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    const checks = [CHECK, { ...CHECK, port: 81 }];
    const { added } = board.setIntent(intentOf([buildPool('a', [member], { checks })]), 0);
    const state = () => board.health(9).get(`a/${member.name}`)!;

    hear(board, added[0]!.key, pass(1));
    assert.equal(state().state, 'unknown');
    hear(board, added[1]!.key, fail(2, 'Timed out waiting for the connection'));

    assert.deepEqual(state(), {
      state: 'down',
      factor: 1,
      ramp: 1,
      sinceMs: 2,
      lastError: 'Timed out waiting for the connection',
    });
  });

  it('keeps what it knows over a reload that leaves the question as it was', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    const before = intentOf([buildPool('a', [member], { checks: [CHECK] })]);
    const [probe] = board.setIntent(before, 0).added;
    hear(board, probe!.key, fail(5));
    const heavier = intentOf([buildPool('a', [{ ...member, weight: 7 }], { checks: [{ ...CHECK }] })]);

    const change = board.setIntent(heavier, 10);

    assert.deepEqual(change, { added: [], removed: [] });
    assert.equal(board.health(10).get(`a/${member.name}`)!.sinceMs, 5);
  });

  it('forgets a probe nobody asks for, and ignores its late result', () => {
    const board = new HealthBoard();
    const member = buildMember('10.0.0.1', { port: 80 });
    const [probe] = board.setIntent(intentOf([buildPool('a', [member], { checks: [CHECK] })]), 0).added;

    const change = board.setIntent(intentOf([]), 1);

    assert.deepEqual(change, { added: [], removed: [probe!.key] });
    assert.deepEqual(hear(board, probe!.key, pass(2)), []);
    assert.equal(board.health(3).size, 0);
  });

  it('ramps a recovered member up in steps, and not one that never was down', () => {
    const board = new HealthBoard();
    const members = [buildMember('10.0.0.1', { port: 80 }), buildMember('10.0.0.2', { port: 80 })];
    const pool = buildPool('a', members, { checks: [CHECK], slowStartMs: 10_000 });
    const [first, second] = board.setIntent(intentOf([pool]), 0).added;
    hear(board, first!.key, fail(1));
    hear(board, first!.key, pass(2));
    hear(board, first!.key, pass(3));
    hear(board, second!.key, pass(3));
    const ramps = (nowMs: number) =>
      members.map((member) => board.health(nowMs).get(`a/${member.name}`)!.ramp);

    assert.deepEqual(ramps(3), [0.1, 1]);
    assert.equal(board.nextRampMs(3), 1000);
    assert.deepEqual(ramps(1003), [0.2, 1]);
    assert.deepEqual(ramps(20_000), [1, 1]);
    assert.equal(board.nextRampMs(20_000), undefined);
  });

  it('carries its knowledge over a restart', () => {
    const member = buildMember('10.0.0.1', { port: 80 });
    const intent = intentOf([buildPool('a', [member], { checks: [CHECK] })]);
    const before = new HealthBoard();
    const [probe] = before.setIntent(intent, 0).added;
    hear(before, probe!.key, fail(5));
    const after = new HealthBoard();

    after.restore(JSON.parse(JSON.stringify(before.snapshot())));
    after.setIntent(intent, 100);

    assert.deepEqual(after.health(100), before.health(100));
  });

  it('checks a member without a port on the port of each listener that uses it', () => {
    const board = new HealthBoard();
    const pool = buildPool('a', [buildMember('10.0.0.1', { port: 0 })], { checks: [CHECK] });
    const listeners = [80, 443].map((port) => buildListener(`l${port}`, 'web', port, { pool: 'a' }));

    const { added } = board.setIntent(buildIntent({ pools: [pool], listeners }), 0);

    assert.deepEqual(
      added.map((probe) => probe.port),
      [80, 443],
    );
  });
});

// Which sync daemons of the kernel run for which roles.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionSync } from '../../model/ha.ts';
import type { Role } from '../../model/protocol.ts';
import { daemonChanges, wantedDaemons } from './ipvs-sync.ts';

const SYNC: ConnectionSync = {
  enabled: true,
  interface: 'eth1',
  syncId: 51,
  multicastGroup: '224.0.0.81',
  port: 8848,
  ttl: 1,
  maxBytes: 1400,
  peers: [],
  minAgeMs: 3000,
};

const CASES: readonly [roles: readonly Role[], expected: readonly string[]][] = [
  [[], []],
  [['active'], ['master']],
  [['standby'], ['backup']],
  [['fault'], ['backup']],
  [['active', 'active'], ['master']],
  [
    ['active', 'standby'],
    ['master', 'backup'],
  ],
];
for (const [roles, expected] of CASES)
  test(`wantedDaemons() of ${roles.join(' and ') || 'no group'} are ${expected.join(' and ') || 'none'}`, () => {
    assert.deepEqual(
      wantedDaemons(SYNC, roles).map((one) => one.role),
      expected,
    );
  });

test('wantedDaemons() has none where sync is off or has no interface', () => {
  const { interface: _, ...without } = SYNC;

  assert.deepEqual(wantedDaemons({ ...SYNC, enabled: false }, ['active']), []);
  assert.deepEqual(wantedDaemons(without, ['active']), []);
});

test('daemonChanges() leaves a running daemon alone and replaces one of another id', () => {
  const [master] = wantedDaemons(SYNC, ['active']);

  assert.deepEqual(daemonChanges([master!], [master!]), { stop: [], start: [] });
  assert.deepEqual(daemonChanges([{ ...master!, syncId: 1 }], [master!]), {
    stop: ['master'],
    start: [master],
  });
});

test('daemonChanges() starts listening before sending', () => {
  const wanted = wantedDaemons(SYNC, ['active', 'standby']);

  assert.deepEqual(
    daemonChanges([], wanted).start.map((one) => one.role),
    ['backup', 'master'],
  );
});

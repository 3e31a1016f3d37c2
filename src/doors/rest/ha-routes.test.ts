// High availability through a real door, over a Control whose peer comes and goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup, buildIntent, buildVip } from '../../../test/fixtures/build-intent.ts';
import { ask, type Door, openDoor } from '../../../test/fixtures/rest-door.ts';

async function withGroups(
  run: (door: Door) => Promise<void>,
  more: Parameters<typeof buildGroup>[2] = {},
): Promise<void> {
  const vips = [buildVip('www', '192.0.2.10')];
  const door = await openDoor(buildIntent({ vips, groups: [buildGroup('pair', ['www'], more)] }));
  door.control.roleFacts.set('pair', { role: 'active', epoch: 2, reason: 'Active' });
  try {
    await run(door);
  } finally {
    await door.close();
  }
}

const roleOf = (json: unknown) => (json as { groups: { role: string }[] }).groups[0]?.role;

test('failover moves the groups and lets the node come again where nobody preempts', () =>
  withGroups(async ({ socket, control }) => {
    const { status, json } = await ask(socket, 'POST', '/v1/ha/failover', { body: {} });

    assert.deepEqual([status, roleOf(json), control.maintenance], [200, 'standby', false]);
  }));

test('failover keeps a node back that would preempt', () =>
  withGroups(
    async ({ socket, control }) => {
      const { json } = await ask(socket, 'POST', '/v1/ha/failover', { body: { timeout: '2s' } });

      assert.equal((json as { maintenance: boolean }).maintenance, true);
      assert.equal(control.maintenance, true);
    },
    { preempt: true },
  ));

test('failover where no group is active changes nothing', () =>
  withGroups(
    async ({ socket, control }) => {
      control.roleFacts.set('pair', { role: 'standby', epoch: 2, reason: 'Standby' });

      const { status, json } = await ask(socket, 'POST', '/v1/ha/failover', { body: {} });

      assert.deepEqual([status, roleOf(json), control.maintenance], [200, 'standby', false]);
    },
    { preempt: true },
  ));

test('failover without a peer fails, and the node goes on as before', () =>
  withGroups(async ({ socket, control }) => {
    control.hasPeer = false;

    const { status, json } = await ask(socket, 'POST', '/v1/ha/failover', { body: {} });

    const { code, detail } = json as { code: string; detail: string };
    assert.deepEqual([status, code, control.maintenance], [504, 'TIMEOUT', false]);
    assert.match(detail, /^Cannot hand "pair" over: no peer took it within 5000 ms$/);
  }));

test('maintenance goes on and off', () =>
  withGroups(async ({ socket, control }) => {
    await ask(socket, 'PUT', '/v1/ha/maintenance', { body: { on: true } });
    assert.equal(control.maintenance, true);
    await ask(socket, 'PUT', '/v1/ha/maintenance', { body: { on: false } });
    assert.equal(control.maintenance, false);
  }));

test('a lease is for groups of an elector only', async () => {
  const body = { role: 'active', epoch: 7, lease: '3s' };
  await withGroups(async ({ socket }) => {
    const { status, json } = await ask(socket, 'PUT', '/v1/ha/groups/pair/lease', { body });
    assert.deepEqual([status, (json as { code: string }).code], [409, 'CONFLICT']);
  });
  await withGroups(
    async ({ socket, control }) => {
      assert.equal((await ask(socket, 'PUT', '/v1/ha/groups/none/lease', { body })).status, 404);
      assert.equal((await ask(socket, 'PUT', '/v1/ha/groups/pair/lease', { body })).status, 200);
      assert.deepEqual(control.leases, [{ group: 'pair', role: 'active', epoch: 7, leaseMs: 3000 }]);
    },
    { chooser: 'external' },
  );
});

test('a node without groups says so', async () => {
  const door = await openDoor(buildIntent({}));
  try {
    const { status, json } = await ask(door.socket, 'GET', '/v1/ha');
    assert.deepEqual([status, (json as { code: string }).code], [404, 'NOT_FOUND']);
  } finally {
    await door.close();
  }
});

// lbctl ha against a real door over a Control with one group.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup, buildIntent, buildVip } from '../../../test/fixtures/build-intent.ts';
import { openDoor } from '../../../test/fixtures/rest-door.ts';
import { lbctlOn } from '../../../test/fixtures/web-site.ts';
import type { RoleChooser } from '../../model/ha.ts';

async function openPair(preempt: boolean, chooser: RoleChooser = 'vrrp') {
  const vips = [buildVip('www', '192.0.2.10')];
  const door = await openDoor(
    buildIntent({ vips, groups: [buildGroup('pair', ['www'], { preempt, chooser })] }),
  );
  const { control } = door;
  control.roleFacts.set('pair', { role: 'active', epoch: 2, reason: 'Active' });
  const lbctl = lbctlOn(door.socket, { nowMs: () => control.startedMs + 120_000 });
  return { door, control, lbctl };
}

test('lbctl ha status shows each group with role, epoch, reason and since when', async () => {
  const { door, lbctl } = await openPair(false);
  try {
    const { code, out } = await lbctl('ha', 'status');
    const json = JSON.parse((await lbctl('ha', 'status', '-o', 'json')).out);

    assert.equal(code, 0);
    assert.match(out, /^not in maintenance, configuration applied$/m);
    assert.match(out, /^pair +active +2 +150 +vrrp +2m +Active +as the test says$/m);
    assert.deepEqual([json.groups[0].role, json.maintenance], ['active', false]);
  } finally {
    await door.close();
  }
});

test('lbctl ha failover says what moved, and that a preempting node stays back', async () => {
  const { door, lbctl } = await openPair(true);
  try {
    const { code, out } = await lbctl('ha', 'failover');

    assert.equal(code, 0);
    assert.match(out, /^pair: handed over to the peer\nthis node stays back until/);
  } finally {
    await door.close();
  }
});

test('lbctl ha tells when no peer takes over: failover with 6, maintenance with 1', async () => {
  const { door, control, lbctl } = await openPair(false);
  control.hasPeer = false;
  try {
    const failover = await lbctl('ha', 'failover', '--timeout', '1s');
    const maintenance = await lbctl('ha', 'maintenance', 'on');
    const off = await lbctl('ha', 'maintenance', 'off');

    assert.deepEqual([failover.code, maintenance.code, off.code], [6, 1, 0]);
    assert.match(failover.err, /no peer took it within 1000 ms/);
    assert.match(maintenance.err, /no peer took over pair/);
    assert.equal(off.out, 'this node may be active again\n');
    assert.equal((await lbctl('ha', 'maintenance', 'maybe')).code, 2);
  } finally {
    await door.close();
  }
});

test('lbctl ha maintenance does not ask who took over where all nodes are active', async () => {
  const { door, control, lbctl } = await openPair(true, 'bgp-ecmp');
  control.hasPeer = false;
  try {
    const { code, out } = await lbctl('ha', 'maintenance', 'on');

    assert.equal(code, 0);
    assert.equal(out, 'this node is kept back; routers are asked to use the other nodes\n');
  } finally {
    await door.close();
  }
});

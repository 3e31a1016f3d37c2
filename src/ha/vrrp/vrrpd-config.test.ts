// What vrrpd is told, and what goes when a group goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup } from '../../../test/fixtures/build-intent.ts';
import { changesBetween, readRunning } from '../frr/config-tree.ts';
import { macvlanName, virtualMac, vrrpdConfig, vrrpdLacks, vrrpdOwnership } from './vrrpd-config.ts';

const GROUP = buildGroup('pair', ['www']);
const PLAN = { group: GROUP, addresses: [{ address: '192.0.2.10', prefixLength: 32, interface: 'eth0' }] };

// As vrrpd 8.4 shows it: the version is the default, the operator has a router of his own.
const RUNNING = readRunning(`interface eth0
 vrrp 7
 vrrp 7 ip 192.0.2.77
 vrrp 51
 vrrp 51 priority 150
 vrrp 51 advertisement-interval 100
 no vrrp 51 preempt
 vrrp 51 ip 192.0.2.10
exit
`);
const SILENT = new Set(['interface eth0\nvrrp 51 version 3']);
const OURS = new Set(['eth0 51']);

test('vrrpdConfig() of what runs changes nothing', () => {
  const wanted = vrrpdConfig([PLAN], new Map([['pair', { weight: 0, fault: false }]]));

  assert.deepEqual(changesBetween(RUNNING, wanted, vrrpdOwnership(OURS, OURS), SILENT), []);
});

test('a weight is one line, and standing back another', () => {
  const wanted = vrrpdConfig([PLAN], new Map([['pair', { weight: -253, fault: true }]]));

  assert.deepEqual(changesBetween(RUNNING, wanted, vrrpdOwnership(OURS, OURS), SILENT), [
    { path: ['interface eth0'], commands: ['vrrp 51 priority 1', 'vrrp 51 shutdown'] },
  ]);
});

test('a group that goes takes its virtual router along, and nobody else his', () => {
  const wanted = vrrpdConfig([], new Map(), ['eth0']);

  assert.deepEqual(changesBetween(RUNNING, wanted, vrrpdOwnership(OURS, new Set()), new Set()), [
    { path: ['interface eth0'], commands: ['no vrrp 51'] },
  ]);
});

test('vrrpdLacks() names what the group will not get', () => {
  assert.deepEqual(vrrpdLacks(GROUP), []);
  assert.equal(
    vrrpdLacks({ ...GROUP, unicastPeers: ['192.0.2.3'], syncGroup: 'all', preemptDelayMs: 1 }).length,
    3,
  );
});

test('the link of a group has the MAC of the protocol', () => {
  assert.deepEqual([macvlanName(GROUP, 4), virtualMac(GROUP, 4)], ['vrrp4-51', '00:00:5e:00:01:33']);
  assert.deepEqual([macvlanName(GROUP, 6), virtualMac(GROUP, 6)], ['vrrp6-51', '00:00:5e:00:02:33']);
});

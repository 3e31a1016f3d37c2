// What is said of a group that VRRP holds in fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup } from '../../../test/fixtures/build-intent.ts';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import type { Track } from '../../model/ha.ts';
import { vrrpFault } from './vrrp-fault.ts';

function track(kind: Track['kind'], target: string, weight = 0): Track {
  return { kind, target, weight, intervalMs: 1000, timeoutMs: 1000, rise: 1, fall: 1 };
}

function faultOf(tracks: readonly Track[], ...up: string[]): string {
  const route = new FakeRoute();
  for (const name of ['eth0', 'eth1']) {
    route.addLink(name);
    route.setCarrier(name, up.includes(name));
  }
  return vrrpFault(buildGroup('pair', ['www'], { interface: 'eth0', track: tracks }), route.links());
}

test('vrrpFault() names interfaces that are down or missing, its own first', () => {
  assert.equal(faultOf([]), 'interface "eth0" is down');
  assert.equal(faultOf([track('interface', 'eth1')], 'eth0'), 'interface "eth1" is down');
  assert.equal(faultOf([track('interface', 'eth9')], 'eth0'), 'interface "eth9" is missing');
});

test('vrrpFault() names what only keepalived watches, and nothing that merely lowers the priority', () => {
  const tracks = [
    track('interface', 'eth1', -50),
    track('script', '/bin/look'),
    track('file', '/run/x', -20),
  ];
  assert.equal(faultOf(tracks, 'eth0'), 'what it tracks failed: script "/bin/look"');
  assert.equal(faultOf([], 'eth0'), 'VRRP holds it in fault');
});

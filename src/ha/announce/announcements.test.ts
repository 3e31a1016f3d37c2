// Which VIPs go out by BGP, as what, in each situation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTexts } from '../../config/load-text.ts';
import type { Role } from '../../model/protocol.ts';
import { announcements } from './announcements.ts';

function intentOf(choose: string) {
  const text = `
node: { name: lb-a, role: primary }
network: { frontend: { interface: lo } }
vips:
  - { name: any, address: 203.0.113.1, group: pair, advertise: true }
  - { name: quiet, address: 203.0.113.2, group: pair, advertise: false }
listeners: [{ name: web, vips: [any, quiet], port: 80, members: [{ address: 192.0.2.21 }] }]
ha:
  provider: ${choose === 'vrrp' ? 'keepalived' : 'frr'}
  groups: [{ name: pair, choose: ${choose}, interface: eth0 }]
  bgp: { local_as: 65100, peers: [{ name: tor, address: 192.0.2.254, remote_as: 65101 }] }
  bfd: [{ name: other, peer: 192.0.2.2 }]
`;
  const { intent, diagnostics } = loadTexts([{ file: 'ha.yaml', text, role: 'main' }]);
  assert.ok(intent !== undefined, JSON.stringify(diagnostics));
  return intent;
}

type Case = readonly [choose: string, role: Role, serves: boolean, maintenance: boolean, expected: string];
const CASES: readonly Case[] = [
  ['bgp', 'active', true, false, 'active'],
  ['bgp', 'standby', true, false, 'standby'],
  ['bgp', 'fault', true, false, ''],
  ['bgp', 'active', false, false, ''],
  ['bgp', 'standby', true, true, 'drain'],
  ['bgp-ecmp', 'active', true, false, 'active'],
  ['bgp-ecmp', 'standby', true, true, 'drain'],
  ['vrrp', 'active', true, false, 'active'],
  ['vrrp', 'standby', true, false, ''],
  ['bfd', 'standby', true, false, ''],
];

for (const [choose, role, serves, maintenance, expected] of CASES)
  test(`announcements() of ${choose}, ${role}${serves ? '' : ', cannot serve'}${maintenance ? ', maintenance' : ''}: ${expected || 'none'}`, () => {
    const all = announcements(intentOf(choose), {
      roles: new Map([['pair', role]]),
      canServe: new Set(serves ? ['any', 'quiet'] : []),
      maintenance,
    });

    assert.equal(
      all.map((one) => `${one.address} ${one.as}`).join(),
      expected === '' ? '' : `203.0.113.1 ${expected}`,
    );
  });

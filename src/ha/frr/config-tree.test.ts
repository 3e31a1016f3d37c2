// Differences of FRR configurations, on text as its daemons show it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bgp } from '../../model/ha.ts';
import { bfdConfig, bfdOwnership, peerLine } from '../bfd/bfd-config.ts';
import { bgpConfig, bgpOwnership, peersOf } from '../bgp/bgp-config.ts';
import { type ConfigTree, changesBetween, readRunning, unseen } from './config-tree.ts';

const BGP: Bgp = {
  localAs: 65100,
  routerId: '192.0.2.1',
  peers: [
    {
      name: 'tor1',
      address: '192.0.2.254',
      port: 179,
      remoteAs: 65101,
      multihop: 1,
      bfd: 'tor',
      holdMs: 9000,
      keepaliveMs: 3000,
      maxPrefix: 100,
    },
  ],
  ecmp: false,
  active: { localPref: 5000, med: 10, prepend: 0 },
  standby: { localPref: 100, med: 20, prepend: 2 },
  communities: ['65100:100'],
};

/** As bgpd shows what the tree says, beside what an operator wrote. */
function show(trees: readonly ConfigTree[], depth = 0): string {
  return trees
    .map(({ line, children }) => `${' '.repeat(depth)}${line}\n${show(children, depth + 1)}`)
    .join(depth === 0 ? '!\n' : '');
}

const OWNED = bgpOwnership(65100, new Set(['192.0.2.254']));
const wanted = bgpConfig(BGP, ['203.0.113.1'], [{ address: '203.0.113.1', as: 'active' }]);

test('changesBetween() has nothing to say where all that is wanted stands', () => {
  assert.deepEqual(changesBetween(readRunning(show(wanted)), wanted, OWNED, new Set()), []);
});

test('changesBetween() sends one line for a change of role, and it replaces the other', () => {
  const standby = bgpConfig(BGP, ['203.0.113.1'], [{ address: '203.0.113.1', as: 'standby' }]);

  assert.deepEqual(changesBetween(readRunning(show(wanted)), standby, OWNED, new Set()), [
    {
      path: ['router bgp 65100', 'address-family ipv4 unicast'],
      commands: ['network 203.0.113.1/32 route-map LBCTL-STANDBY'],
    },
  ]);
});

test('changesBetween() withdraws a route and leaves the list of what may go out', () => {
  const nothing = bgpConfig(BGP, ['203.0.113.1'], []);

  assert.deepEqual(changesBetween(readRunning(show(wanted)), nothing, OWNED, new Set()), [
    {
      path: ['router bgp 65100', 'address-family ipv4 unicast'],
      commands: ['no network 203.0.113.1/32 route-map LBCTL-ACTIVE'],
    },
  ]);
});

test('changesBetween() removes a neighbour of ours by one line and never one of others', () => {
  const running = readRunning(
    show(wanted).replace(
      'router bgp 65100\n',
      'router bgp 65100\n neighbor 192.0.2.77 remote-as 65077\n neighbor 192.0.2.78 remote-as 1\n neighbor 192.0.2.78 description lbctl old\n',
    ),
  );
  const recorded = new Set([...peersOf(running), '192.0.2.254']);

  assert.deepEqual(changesBetween(running, wanted, bgpOwnership(65100, recorded), new Set()), [
    { path: ['router bgp 65100'], commands: ['no neighbor 192.0.2.78'] },
  ]);
});

test('changesBetween() does not send again what FRR took and does not show', () => {
  const text = show(wanted)
    .split('\n')
    .filter((line) => !line.includes('timers'))
    .join('\n');
  const running = readRunning(text);
  const silent = new Set(unseen(running, wanted));

  assert.equal(silent.size, 2);
  assert.deepEqual(changesBetween(running, wanted, OWNED, silent), []);
});

test('bfdConfig() makes sessions between nodes, and profiles alone for those of BGP peers', () => {
  const session = {
    name: 'tor',
    peer: '192.0.2.254',
    transmitMs: 50,
    receiveMs: 50,
    multiplier: 3,
    multihop: false,
  };
  const other = { ...session, name: 'other', peer: '192.0.2.2', local: '192.0.2.1', interface: 'eth0' };

  assert.equal(
    show(bfdConfig([session, other], new Set(['tor']), () => true)),
    `bfd
 profile lbctl-tor
  detect-multiplier 3
  receive-interval 50
  transmit-interval 50
 profile lbctl-other
  detect-multiplier 3
  receive-interval 50
  transmit-interval 50
 peer 192.0.2.2 local-address 192.0.2.1 interface eth0
  profile lbctl-other
  shutdown
`,
  );
  const running = readRunning(show(bfdConfig([session, other], new Set(['tor']), () => true)));
  assert.deepEqual(
    changesBetween(
      running,
      bfdConfig([session, other], new Set(['tor']), () => false),
      bfdOwnership(new Set([peerLine(other)])),
      new Set(),
    ),
    [{ path: ['bfd', peerLine(other)], commands: ['no shutdown'] }],
  );
});

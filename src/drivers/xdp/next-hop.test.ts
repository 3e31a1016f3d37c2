import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HopFinder, type HopRoute, type HopView } from './next-hop.ts';

const MAIN: Pick<HopRoute, 'table' | 'type' | 'gateway' | 'preferredSource' | 'priority' | 'family'> = {
  family: 4,
  table: 254,
  type: 1,
  gateway: '',
  preferredSource: '',
  priority: 0,
};

const VIEW: HopView = {
  links: [
    { index: 2, mac: '02:00:00:00:00:02', mtu: 1500 },
    { index: 3, mac: '02:00:00:00:00:03', mtu: 9000 },
    { index: 4, mac: '02:00:00:00:00:03', mtu: 1400, vlan: { id: 7, protocol: 0x8100, lower: 3 } },
    { index: 5, mac: '02:00:00:00:00:03', mtu: 1400, vlan: { id: 8, protocol: 0x8100, lower: 4 } },
    { index: 6, mac: '02:00:00:00:00:03', mtu: 1400, vlan: { id: 9, protocol: 0x88a8, lower: 3 } },
  ],
  routes: [
    { ...MAIN, destination: '0.0.0.0', prefixLength: 0, linkIndex: 2, gateway: '192.0.2.1' },
    { ...MAIN, destination: '10.0.0.0', prefixLength: 8, linkIndex: 2, gateway: '192.0.2.9' },
    { ...MAIN, destination: '10.1.0.0', prefixLength: 16, linkIndex: 3, preferredSource: '10.1.0.254' },
    { ...MAIN, destination: '10.1.0.0', prefixLength: 16, linkIndex: 2, priority: 100 },
    { ...MAIN, destination: '10.1.0.7', prefixLength: 32, linkIndex: 2, type: 2 },
    ...[4, 5, 6].map((linkIndex) => ({
      ...MAIN,
      destination: `10.${linkIndex}0.0.0`,
      prefixLength: 16,
      linkIndex,
    })),
    { ...MAIN, family: 6, destination: '2001:db8:1::', prefixLength: 64, linkIndex: 3 },
  ],
  neighbours: [
    { address: '192.0.2.1', mac: '02:00:00:00:01:01', linkIndex: 2, state: 2 },
    { address: '10.1.0.1', mac: '02:00:00:00:01:02', linkIndex: 3, state: 4 },
    { address: '10.1.0.1', mac: '02:00:00:00:01:99', linkIndex: 2, state: 2 },
    { address: '10.1.0.2', mac: '', linkIndex: 3, state: 1 },
    { address: '10.1.0.3', mac: '02:00:00:00:01:03', linkIndex: 3, state: 0x20 },
    ...[4, 5, 6].map((linkIndex) => ({
      address: `10.${linkIndex}0.0.1`,
      mac: '02:00:00:00:01:04',
      linkIndex,
      state: 2,
    })),
    { address: '2001:db8:1::5', mac: '02:00:00:00:01:05', linkIndex: 3, state: 2 },
  ],
  addresses: [
    { address: '192.0.2.2', prefixLength: 24, linkIndex: 2 },
    { address: 'fe80::1', prefixLength: 64, linkIndex: 3 },
    { address: '2001:db8:1::fe', prefixLength: 64, linkIndex: 3 },
  ],
};

const finder = new HopFinder(VIEW);

test('HopFinder takes the longest prefix, then the lowest priority, on that link', () => {
  assert.deepEqual(finder.find('10.1.0.1'), {
    neighbour: '10.1.0.1',
    linkIndex: 3,
    portIndex: 3,
    source: '10.1.0.254',
    hop: {
      destinationMac: '02:00:00:00:01:02',
      sourceMac: '02:00:00:00:00:03',
      ifindex: 3,
      vlan: 0,
      mtu: 9000,
    },
  });
});

test('HopFinder leaves a VLAN by the link under it, with the tag', () => {
  assert.deepEqual(finder.find('10.40.0.1'), {
    neighbour: '10.40.0.1',
    linkIndex: 4,
    portIndex: 3,
    hop: {
      destinationMac: '02:00:00:00:01:04',
      sourceMac: '02:00:00:00:00:03',
      ifindex: 3,
      vlan: 7,
      mtu: 1400,
    },
  });
});

test('HopFinder leaves tags that the program does not write, two or those of 802.1ad, to the kernel', () => {
  for (const address of ['10.50.0.1', '10.60.0.1']) assert.equal(finder.find(address)?.hop, undefined);
});

test('HopFinder goes by the gateway and sends from an address near it', () => {
  const found = finder.find('203.0.113.1');

  assert.equal(found?.neighbour, '192.0.2.1');
  assert.equal(found?.hop?.destinationMac, '02:00:00:00:01:01');
  assert.equal(found?.source, '192.0.2.2');
});

test('HopFinder names whom to ask where the MAC address is unknown or failed', () => {
  for (const [address, neighbour] of [
    ['10.2.0.1', '192.0.2.9'],
    ['10.1.0.2', '10.1.0.2'],
    ['10.1.0.3', '10.1.0.3'],
  ] as const) {
    const found = finder.find(address);
    assert.equal(found?.neighbour, neighbour);
    assert.equal(found?.hop, undefined);
  }
});

test('HopFinder never sends IPv6 from a link-local address', () => {
  const found = finder.find('2001:db8:1::5');

  assert.equal(found?.source, '2001:db8:1::fe');
  assert.equal(found?.hop?.ifindex, 3);
});

test('HopFinder finds nothing where no route leads', () => {
  assert.equal(finder.find('2001:db8:9::1'), undefined);
  assert.equal(finder.find('nonsense'), undefined);
});

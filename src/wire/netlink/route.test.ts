import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG, readMessages } from './message.ts';
import { MessageWriter } from './message-writer.ts';
import {
  type InterfaceAddress,
  readAddress,
  writeAddAddress,
  writeDeleteAddress,
  writeDumpAddresses,
} from './route-address.ts';
import { fromMac, hasNeighbours, isUp, type Link, ownMacs, readLink, toMac } from './route-link.ts';
import { readNeighbour } from './route-neighbour.ts';
import { ADDRESS_FLAG, OUR_PROTOCOL, ROUTE_TABLE, ROUTE_TYPE } from './route-numbers.ts';
import { type Route, readRoute, writeAddRoute } from './route-route.ts';
import { readCapture, withoutSender } from './testdata/read-capture.ts';

const CAPTURE = readCapture('iproute2.txt');
const vip: InterfaceAddress = {
  address: '192.0.2.10',
  prefixLength: 32,
  linkIndex: 3,
  flags: 0,
  protocol: 0,
  label: '',
};

const ADDRESSES: readonly [command: string, how: 'create' | 'replace', address: InterfaceAddress][] = [
  ['ip addr add 192.0.2.10/32 dev v0', 'create', vip],
  ['ip addr replace 192.0.2.10/32 dev v0', 'replace', vip],
  [
    'ip addr add 192.0.2.11/24 dev v0 noprefixroute',
    'create',
    { ...vip, address: '192.0.2.11', prefixLength: 24, flags: ADDRESS_FLAG.noPrefixRoute },
  ],
  [
    'ip addr add 2001:db8::10/64 dev v0 nodad noprefixroute',
    'create',
    {
      ...vip,
      address: '2001:db8::10',
      prefixLength: 64,
      flags: ADDRESS_FLAG.noPrefixRoute | ADDRESS_FLAG.noDad,
    },
  ],
  [
    'ip addr add 2001:db8::10/128 dev v0 preferred_lft 0',
    'create',
    { ...vip, address: '2001:db8::10', prefixLength: 128, preferredSeconds: 0 },
  ],
];

for (const [command, how, address] of ADDRESSES) {
  test(`writeAddAddress() sends what "${command}" sends`, () => {
    const writer = new MessageWriter();
    writeAddAddress(writer, 1, address, how);

    assert.equal(withoutSender(writer.finish()), withoutSender(CAPTURE.get(command)!));
    assert.deepEqual(readAddress([...readMessages(CAPTURE.get(command)!)][0]!), address);
  });
}

test('writeAddAddress() puts our protocol mark last, as one byte', () => {
  const writer = new MessageWriter();
  writeAddAddress(writer, 1, { ...vip, protocol: OUR_PROTOCOL }, 'create');

  const bytes = writer.finish();
  assert.equal(Buffer.from(bytes.subarray(-8)).toString('hex'), '05000b004c000000');
  assert.equal(readAddress([...readMessages(bytes)][0]!).protocol, OUR_PROTOCOL);
});

test('readAddress() takes a lifetime without end for none', () => {
  const writer = new MessageWriter();
  const address = { ...vip, address: '2001:db8::10', prefixLength: 128 };
  writeAddAddress(writer, 1, { ...address, preferredSeconds: 0xffff_ffff }, 'create');

  assert.deepEqual(readAddress([...readMessages(writer.finish())][0]!), address);
});

test('readAddress() refuses a lifetime that is cut off', () => {
  const bytes = readCapture('iproute2.txt').get('ip addr add 2001:db8::10/128 dev v0 preferred_lft 0')!;
  const [whole] = [...readMessages(bytes)];
  const body = whole!.body.slice(0, -8);
  // Header and two addresses go before: the length of the last attribute says that it ends here.
  body[48] = 12;

  assert.throws(() => readAddress({ ...whole!, body }), /IFA_CACHEINFO needs 16 bytes: current length is 8/);
});

test('writeDeleteAddress() sends what "ip addr del 192.0.2.10/32 dev v0" sends', () => {
  const writer = new MessageWriter();
  writeDeleteAddress(writer, 1, vip);

  assert.equal(
    withoutSender(writer.finish()),
    withoutSender(CAPTURE.get('ip addr del 192.0.2.10/32 dev v0')!),
  );
});

test('writeDumpAddresses() sends what "ip addr show" sends', () => {
  const writer = new MessageWriter();
  writeDumpAddresses(writer, 1);

  assert.equal(withoutSender(writer.finish()), withoutSender(CAPTURE.get('ip addr show')!));
});

const ROUTES: readonly [command: string, route: Route][] = [
  [
    'ip route replace 198.51.100.0/24 dev v0 proto 76 metric 50',
    {
      family: 4,
      destination: '198.51.100.0',
      prefixLength: 24,
      table: ROUTE_TABLE.main,
      type: ROUTE_TYPE.unicast,
      protocol: OUR_PROTOCOL,
      scope: 253,
      linkIndex: 3,
      gateway: '',
      preferredSource: '',
      priority: 50,
    },
  ],
  [
    'ip -6 route replace 2001:db8:5::/64 via 2001:db8::1 dev v0',
    {
      family: 6,
      destination: '2001:db8:5::',
      prefixLength: 64,
      table: ROUTE_TABLE.main,
      type: ROUTE_TYPE.unicast,
      protocol: 3,
      scope: 0,
      linkIndex: 3,
      gateway: '2001:db8::1',
      preferredSource: '',
      priority: 0,
    },
  ],
];

for (const [command, route] of ROUTES) {
  test(`writeAddRoute() sends what "${command}" sends`, () => {
    const writer = new MessageWriter();
    writeAddRoute(writer, 1, route);

    assert.equal(withoutSender(writer.finish()), withoutSender(CAPTURE.get(command)!));
    assert.deepEqual(readRoute([...readMessages(CAPTURE.get(command)!)][0]!), route);
  });
}

test('readLink() reads name, state and hardware address of a veth', () => {
  // biome-ignore format: one attribute a row
  const body = Buffer.from([
    '00', '00', '0100', '03000000', '43100100', '00000000', // ifinfomsg: ARPHRD_ETHER, index 3, up|running|broadcast|multicast
    '0700', '0300', '76300000', // IFLA_IFNAME v0
    '0800', '0400', 'dc050000', // IFLA_MTU 1500
    '0a00', '0100', '020000000001', '0000', // IFLA_ADDRESS
    '0c00', '1280', '0800', '0100', '7665746800'.slice(0, 8), // IFLA_LINKINFO { IFLA_INFO_KIND "veth" }
  ].join(''), 'hex');

  const link = readLink({ type: 16, flags: 0, sequence: 0, portId: 0, body });

  assert.deepEqual(link, {
    index: 3,
    name: 'v0',
    flags: 0x11043,
    mac: '02:00:00:00:00:01',
    mtu: 1500,
    master: 0,
    type: 'veth',
  });
  assert.equal(isUp(link) && hasNeighbours(link), true);
  assert.equal(toMac(fromMac(link.mac)), link.mac);
});

test('readLink() reads the tag of a VLAN and the link under it, unless that is in another namespace', () => {
  // biome-ignore format: one attribute a row
  const rows = [
    '00', '00', '0100', '04000000', '43100100', '00000000', // ifinfomsg
    '0a00', '0300', '6574682e37000000', // IFLA_IFNAME eth.7
    '0800', '0500', '03000000', // IFLA_LINK 3
    '3000', '1280', // IFLA_LINKINFO
    '0900', '0100', '766c616e00000000', // IFLA_INFO_KIND vlan
    '2000', '0280', // IFLA_INFO_DATA
    '0600', '0500', '81000000', // IFLA_VLAN_PROTOCOL 802.1Q
    '0600', '0100', '07000000', // IFLA_VLAN_ID 7
    '0c00', '0200', '0100000001000000', // IFLA_VLAN_FLAGS
  ];
  const of = (...more: readonly string[]) =>
    readLink({
      type: 16,
      flags: 0,
      sequence: 0,
      portId: 0,
      body: Buffer.from([...rows, ...more].join(''), 'hex'),
    });

  assert.deepEqual(of().vlan, { id: 7, protocol: 0x8100, lower: 3 });
  assert.equal(of('0800', '2500', '01000000').vlan, undefined);
});

test('readNeighbour() leaves bridge entries out', () => {
  const header = '0200000003000000020000010000'.slice(0, 24);
  const withAddress = Buffer.from(`${header}08000100c0000201` + '0a00020002000000000a0000', 'hex');
  const bridge = Buffer.from(`07${header.slice(2)}0a00020002000000000a0000`, 'hex');
  const wrap = (body: Uint8Array) => ({ type: 28, flags: FLAG.multi, sequence: 0, portId: 0, body });

  assert.deepEqual(readNeighbour(wrap(withAddress)), {
    address: '192.0.2.1',
    mac: '02:00:00:00:00:0a',
    linkIndex: 3,
    state: 2,
  });
  assert.equal(readNeighbour(wrap(bridge)), undefined);
});

test('read functions refuse a body too short for its header', () => {
  const short = { type: 16, flags: 0, sequence: 0, portId: 0, body: new Uint8Array(4) };

  for (const read of [readLink, readAddress, readRoute, readNeighbour])
    assert.throws(() => read(short), /needs/);
});

test('ownMacs() leaves out those of VRRP, which both nodes of a pair have', () => {
  const link = (mac: string): Link => ({
    index: 1,
    name: 'a',
    flags: 0,
    mac,
    mtu: 1500,
    master: 0,
    type: '',
  });
  const macs = ['02:00:00:00:00:01', '00:00:5e:00:01:33', '00:00:5e:00:02:33', ''];

  assert.deepEqual(ownMacs(macs.map(link)), ['02:00:00:00:00:01']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttributeReader } from './attribute-reader.ts';
import { GENERIC_HEADER_SIZE } from './family.ts';
import { beginIpvs, readDestinationMessage, readServiceMessage, writeTimeouts } from './ipvs-control.ts';
import { readDaemon, writeDaemon, writeDaemonRole } from './ipvs-daemon.ts';
import { type IpvsDestination, writeDestination, writeDestinationKey } from './ipvs-destination.ts';
import { ATTR, COMMAND, FORWARDING, SERVICE_FLAG, TUNNEL_FLAG, TUNNEL_TYPE } from './ipvs-numbers.ts';
import { type IpvsService, type IpvsServiceKey, writeService, writeServiceKey } from './ipvs-service.ts';
import { FLAG, readMessages } from './message.ts';
import { MessageWriter } from './message-writer.ts';
import { readCapture, withoutSender } from './testdata/read-capture.ts';

const CAPTURE = readCapture('ipvsadm.txt');
/** Number of the IPVS family in that guest. */
const FAMILY = 0x20;
const ASK = FLAG.request | FLAG.ack;

const web: IpvsServiceKey = {
  kind: 'address',
  family: 4,
  protocol: 'tcp',
  address: '192.0.2.10',
  port: 80,
};
const plain: IpvsService = {
  key: web,
  scheduler: 'wlc',
  flags: 0,
  timeoutSeconds: 0,
  granularity: 32,
  engine: '',
};
const v6: IpvsServiceKey = { ...web, family: 6, address: '2001:db8::10' };

const SERVICES: readonly [command: string, service: IpvsService][] = [
  ['ipvsadm -A -t 192.0.2.10:80 -s wlc', plain],
  ['ipvsadm -E -t 192.0.2.10:80 -s rr', { ...plain, scheduler: 'rr' }],
  [
    'ipvsadm -A -t 192.0.2.11:443 -s wrr -p 300 -M 255.255.255.0',
    {
      ...plain,
      key: { ...web, address: '192.0.2.11', port: 443 },
      scheduler: 'wrr',
      flags: SERVICE_FLAG.persistent,
      timeoutSeconds: 300,
      granularity: 24,
    },
  ],
  [
    'ipvsadm -A -u 192.0.2.12:5060 -s rr -p 60 --pe sip',
    {
      ...plain,
      key: { ...web, protocol: 'udp', address: '192.0.2.12', port: 5060 },
      scheduler: 'rr',
      flags: SERVICE_FLAG.persistent,
      timeoutSeconds: 60,
      engine: 'sip',
    },
  ],
  [
    'ipvsadm -A -t [2001:db8::10]:80 -s sh -b sh-fallback,sh-port',
    {
      ...plain,
      key: v6,
      scheduler: 'sh',
      flags: SERVICE_FLAG.fallback | SERVICE_FLAG.port,
      granularity: 128,
    },
  ],
  [
    'ipvsadm -A -t [2001:db8::11]:80 -s rr -p 300 -M 64',
    {
      ...plain,
      key: { ...v6, address: '2001:db8::11' },
      scheduler: 'rr',
      flags: SERVICE_FLAG.persistent,
      timeoutSeconds: 300,
      granularity: 64,
    },
  ],
  [
    'ipvsadm -A -u 192.0.2.12:53 -s mh -b mh-port -o',
    {
      ...plain,
      key: { ...web, protocol: 'udp', address: '192.0.2.12', port: 53 },
      scheduler: 'mh',
      flags: SERVICE_FLAG.port | SERVICE_FLAG.onePacket,
    },
  ],
  [
    'ipvsadm -A --sctp-service 192.0.2.13:3868 -s rr',
    { ...plain, key: { ...web, protocol: 'sctp', address: '192.0.2.13', port: 3868 }, scheduler: 'rr' },
  ],
  ['ipvsadm -A -f 7 -s wlc', { ...plain, key: { kind: 'mark', family: 4, mark: 7 } }],
  ['ipvsadm -A -f 7 -6 -s wlc', { ...plain, key: { kind: 'mark', family: 6, mark: 7 }, granularity: 128 }],
];

for (const [command, service] of SERVICES) {
  test(`writeService() sends what "${command}" sends`, () => {
    const captured = CAPTURE.get(command)!;
    const writer = new MessageWriter();
    beginIpvs(writer, FAMILY, command.includes('-E') ? COMMAND.setService : COMMAND.newService, 9, ASK);
    writeService(writer, service);

    assert.equal(withoutSender(writer.finish()), withoutSender(captured));
  });

  test(`readService() reads back "${command}"`, () => {
    const [message] = [...readMessages(CAPTURE.get(command)!)];

    const { stats, ...read } = readServiceMessage(message!, true);

    assert.deepEqual(read, service);
    assert.equal(stats.connections, 0n);
  });
}

const nat: IpvsDestination = {
  address: '10.0.0.1',
  port: 8080,
  forwarding: FORWARDING.nat,
  weight: 100,
  upper: 0,
  lower: 0,
  tunnelType: TUNNEL_TYPE.ipip,
  tunnelPort: 0,
  tunnelFlags: 0,
};
const tunnel: IpvsDestination = { ...nat, port: 80, forwarding: FORWARDING.tunnel, weight: 1 };

const DESTINATIONS: readonly [command: string, destination: IpvsDestination][] = [
  ['ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 100', nat],
  ['ipvsadm -e -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 7', { ...nat, weight: 7 }],
  [
    'ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.2:80 -g -w 65535 -x 5000 -y 4000',
    {
      ...nat,
      address: '10.0.0.2',
      port: 80,
      forwarding: FORWARDING.dr,
      weight: 65535,
      upper: 5000,
      lower: 4000,
    },
  ],
  ['ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.3 -i -w 1', { ...tunnel, address: '10.0.0.3' }],
  [
    'ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.4 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum',
    { ...tunnel, address: '10.0.0.4', tunnelType: TUNNEL_TYPE.gue, tunnelPort: 6080 },
  ],
  [
    'ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.5 -i -w 1 --tun-type gre --tun-csum',
    { ...tunnel, address: '10.0.0.5', tunnelType: TUNNEL_TYPE.gre, tunnelFlags: TUNNEL_FLAG.full },
  ],
  [
    'ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.6 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum',
    {
      ...tunnel,
      address: '10.0.0.6',
      tunnelType: TUNNEL_TYPE.gue,
      tunnelPort: 6080,
      tunnelFlags: TUNNEL_FLAG.remote,
    },
  ],
  [
    'ipvsadm -a -t [2001:db8::10]:80 -r [2001:db8:1::1]:80 -g -w 3',
    { ...nat, address: '2001:db8:1::1', port: 80, forwarding: FORWARDING.dr, weight: 3 },
  ],
  ['ipvsadm -a -f 7 -r 10.0.0.7 -m -w 2', { ...nat, address: '10.0.0.7', port: 0, weight: 2 }],
];

for (const [command, destination] of DESTINATIONS) {
  test(`writeDestination() sends the destination that "${command}" sends`, () => {
    const writer = new MessageWriter();
    beginIpvs(writer, FAMILY, COMMAND.newDest, 9, ASK);
    writeDestination(writer, destination);

    assert.equal(attributeOf(writer.finish(), ATTR.dest), attributeOf(CAPTURE.get(command)!, ATTR.dest));
  });

  test(`readDestination() reads back "${command}"`, () => {
    const [message] = [...readMessages(CAPTURE.get(command)!)];

    const { stats, active, inactive, persistent, ...read } = readDestinationMessage(message!, true);

    assert.deepEqual(read, destination);
    assert.deepEqual([stats.bytesIn, active, inactive, persistent], [0n, 0, 0, 0]);
  });
}

test('writeServiceKey() and writeDestinationKey() name a row with its key alone', () => {
  const writer = new MessageWriter();
  beginIpvs(writer, FAMILY, COMMAND.delDest, 5, ASK);
  writeServiceKey(writer, web);
  writeDestinationKey(writer, nat);

  // biome-ignore format: one attribute a row
  const expected = [
    '6c000000', '2000', '0500', '05000000', '00000000', // nlmsghdr: 108 bytes, family 32, request|ack, seq 5
    '07', '01', '0000', // genlmsghdr: DEL_DEST, version 1
    '3000', '0180', // IPVS_CMD_ATTR_SERVICE
    '0600', '0100', '0200', '0000', // AF_INET
    '0600', '0200', '0600', '0000', // IPPROTO_TCP
    '1400', '0300', 'c000020a000000000000000000000000', // 192.0.2.10 in 16 bytes
    '0600', '0400', '0050', '0000', // port 80, network order
    '2800', '0280', // IPVS_CMD_ATTR_DEST
    '0600', '0b00', '0200', '0000', // AF_INET
    '1400', '0100', '0a000001000000000000000000000000', // 10.0.0.1
    '0600', '0200', '1f90', '0000', // port 8080
  ].join('');
  assert.equal(Buffer.from(writer.finish()).toString('hex'), expected);
});

test('writeTimeouts() sends what "ipvsadm --set 900 120 300" sends', () => {
  const writer = new MessageWriter();
  beginIpvs(writer, FAMILY, COMMAND.setConfig, 9, ASK);
  writeTimeouts(writer, { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 });

  assert.equal(withoutSender(writer.finish()), withoutSender(CAPTURE.get('ipvsadm --set 900 120 300')!));
});

test('writeDaemon() sends what ipvsadm sends to start and stop a sync daemon', () => {
  const start = CAPTURE.get('ipvsadm --start-daemon master --mcast-interface lo --syncid 51')!;
  const stop = CAPTURE.get('ipvsadm --stop-daemon master')!;
  const daemon = {
    role: 'master',
    interface: 'lo',
    syncId: 51,
    maxBytes: 0,
    group: '',
    port: 0,
    ttl: 0,
  } as const;
  const writer = new MessageWriter();

  beginIpvs(writer, FAMILY, COMMAND.newDaemon, 9, ASK);
  writeDaemon(writer, daemon);
  assert.equal(withoutSender(writer.finish()), withoutSender(start));
  assert.deepEqual(readDaemon([...readMessages(start)][0]!), daemon);

  writer.reset();
  beginIpvs(writer, FAMILY, COMMAND.delDaemon, 9, ASK);
  writeDaemonRole(writer, 'master');
  assert.equal(withoutSender(writer.finish()), withoutSender(stop));
});

test('writeDaemon() carries every sync setting and reads them back', () => {
  const daemon = {
    role: 'backup',
    interface: 'eth1',
    syncId: 7,
    maxBytes: 1400,
    group: 'ff02::5555',
    port: 9000,
    ttl: 3,
  } as const;
  const writer = new MessageWriter();
  beginIpvs(writer, FAMILY, COMMAND.newDaemon, 1);
  writeDaemon(writer, daemon);

  assert.deepEqual(readDaemon([...readMessages(writer.finish())][0]!), daemon);
});

/** Hex of one attribute of the message, its header included. */
function attributeOf(message: Uint8Array, type: number): string {
  const reader = new AttributeReader([...readMessages(message)][0]!.body, GENERIC_HEADER_SIZE);
  while (reader.next()) if (reader.type === type) return Buffer.from(reader.bytes()).toString('hex');
  return 'missing';
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arpAnnouncement, arpProbe, isArpConflict, readArp } from './arp.ts';
import { internetChecksum } from './checksum.ts';
import {
  neighbourAdvertisement,
  neighbourSolicitation,
  readAdvertisement,
  readNeighbourAdvertisement,
} from './ndp.ts';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const OTHER = Uint8Array.of(2, 0, 0, 0, 0, 2);
const ETHERNET = 'ffffffffffff' + '020000000001' + '0806';

test('arpProbe() asks with an empty sender address', () => {
  // biome-ignore format: one field a row
  assert.equal(Buffer.from(arpProbe(MAC, '192.0.2.10')).toString('hex'), [
    ETHERNET,
    '0001', '0800', '06', '04', '0001', // Ethernet, IPv4, request
    '020000000001', '00000000', // sender
    '000000000000', 'c000020a', // target
  ].join(''));
});

test('arpAnnouncement() names the address as sender and target, in both forms', () => {
  const request = readArp(arpAnnouncement(MAC, '192.0.2.10', 'request'))!;
  const reply = arpAnnouncement(MAC, '192.0.2.10', 'reply');

  assert.deepEqual(
    [request.operation, request.senderAddress, request.targetAddress],
    ['request', '192.0.2.10', '192.0.2.10'],
  );
  // biome-ignore format: one field a row
  assert.equal(Buffer.from(reply).toString('hex'), [
    ETHERNET,
    '0001', '0800', '06', '04', '0002',
    '020000000001', 'c000020a',
    'ffffffffffff', 'c000020a',
  ].join(''));
});

test('readArp() takes only whole ARP for IPv4 over Ethernet', () => {
  const frame = arpProbe(MAC, '192.0.2.10');

  assert.equal(readArp(frame.subarray(0, 41)), undefined);
  const vlan = frame.slice();
  vlan[12] = 0x81;
  assert.equal(readArp(vlan), undefined);
  const operation = frame.slice();
  operation[21] = 9;
  assert.equal(readArp(operation), undefined);
});

test('isArpConflict() heeds owners and other probers, not our own frames or bystanders', () => {
  const owner = readArp(arpAnnouncement(OTHER, '192.0.2.10', 'reply'))!;
  const prober = readArp(arpProbe(OTHER, '192.0.2.10'))!;
  const own = readArp(arpProbe(MAC, '192.0.2.10'))!;
  const bystander = readArp(arpProbe(OTHER, '192.0.2.99'))!;

  assert.equal(isArpConflict(owner, '192.0.2.10', MAC), true);
  assert.equal(isArpConflict(prober, '192.0.2.10', MAC), true);
  assert.equal(isArpConflict(own, '192.0.2.10', MAC), false);
  assert.equal(isArpConflict(bystander, '192.0.2.10', MAC), false);
});

test('internetChecksum() agrees with the worked example of RFC 1071 section 3', () => {
  assert.equal(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)), 0x220d);
  assert.equal(internetChecksum(Uint8Array.of(0xff)), 0x00ff);
});

test('neighbourAdvertisement() overrides, is unsolicited and has a right checksum', () => {
  const frame = neighbourAdvertisement(MAC, '2001:db8::10', true);

  const read = readNeighbourAdvertisement(frame)!;

  assert.equal(read.flags, 0xa0);
  assert.deepEqual(read.linkAddress, MAC);
  assert.equal(Buffer.from(read.target).toString('hex'), '20010db8000000000000000000000010');
  assert.equal(Buffer.from(frame.subarray(0, 14)).toString('hex'), '333300000001' + '020000000001' + '86dd');
  const broken = frame.slice();
  broken[70]! ^= 1;
  assert.equal(readNeighbourAdvertisement(broken), undefined);
  assert.equal(readNeighbourAdvertisement(frame.subarray(0, 60)), undefined);
});

test('a question for an IPv6 address names it and who asks, and is no answer itself', () => {
  const question = neighbourSolicitation(Uint8Array.of(2, 0, 0, 0, 0, 1), '2001:db8::10');

  assert.equal(
    Buffer.from(question).toString('hex'),
    ['87000000', '00000000', '20010db8000000000000000000000010', '0101020000000001'].join(''),
  );
  assert.equal(readAdvertisement(question), undefined);
});

test('readAdvertisement() takes an answer without a hardware address, and none that is cut', () => {
  const answer = new Uint8Array(24);
  answer[0] = 136;

  assert.equal(readAdvertisement(answer)?.linkAddress.length, 0);
  assert.equal(readAdvertisement(answer.subarray(0, 23)), undefined);
});

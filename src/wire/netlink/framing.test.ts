import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAck, readDone } from './ack.ts';
import { AttributeReader } from './attribute-reader.ts';
import { readFamily, writeGetFamily } from './family.ts';
import { FLAG, type NetlinkMessage, readMessages, WireError } from './message.ts';
import { MessageWriter } from './message-writer.ts';

test('readMessages() splits a batch and MessageWriter pads each message to four bytes', () => {
  const writer = new MessageWriter(8);
  writer.begin(20, FLAG.request, 1).text(3, 'v0');
  writer
    .begin(21, FLAG.request | FLAG.ack, 2)
    .u32(4, 1500)
    .be16(5, 80)
    .u8(6, 9)
    .flag(7);

  const bytes = writer.finish();
  const messages = [...readMessages(bytes)];

  assert.equal(writer.count, 2);
  assert.deepEqual(
    messages.map((message) => [message.type, message.flags, message.sequence, message.body.length]),
    [
      [20, 1, 1, 8],
      [21, 5, 2, 28],
    ],
  );
});

test('readMessages() refuses lengths that do not add up', () => {
  assert.throws(() => [...readMessages(new Uint8Array(7))], WireError);
  const lying = new Uint8Array(16);
  lying[0] = 200;
  assert.throws(() => [...readMessages(lying)], /length must be 16..16: current value is 200/);
  lying[0] = 3;
  assert.throws(() => [...readMessages(lying)], WireError);
});

test('AttributeReader keeps the first fault and gives zeros from then on', () => {
  // A u16 attribute of one byte, then a good u32.
  const bytes = Uint8Array.of(5, 0, 1, 0, 7, 0, 0, 0, 8, 0, 2, 0, 1, 0, 0, 0);
  const reader = new AttributeReader(bytes);

  assert.equal(reader.next(), true);
  assert.equal(reader.u16(), 0);
  assert.equal(reader.next(), false);
  assert.equal(reader.u32(), 0);
  assert.match(reader.fault!.message, /attribute 1 as it must have 2 bytes: current length is 1/);
});

test('AttributeReader shows a fault of a nested cursor outside', () => {
  const writer = new MessageWriter();
  writer.begin(1, 0, 0);
  const mark = writer.beginNested(9);
  writer.u8(1, 5);
  writer.endNested(mark);
  const reader = new AttributeReader([...readMessages(writer.finish())][0]!.body);

  assert.equal(reader.next(), true);
  assert.equal(reader.type, 9);
  const inside = reader.nested();
  inside.next();
  assert.equal(inside.u32(), 0);

  assert.ok(reader.fault);
});

test('AttributeReader never throws and always ends on garbage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = new AttributeReader(bytes);
      let steps = 0;
      while (reader.next()) {
        reader.u8();
        reader.text();
        const inside = reader.nested();
        while (inside.next()) inside.bytes();
        steps += 1;
        assert.ok(steps <= 50);
      }
    }),
  );
});

test('readMessages() gives messages or a WireError on garbage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        for (const message of readMessages(bytes)) assert.ok(message.body.length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof WireError);
      }
    }),
  );
});

test('readAck() reads errno, the sentence of the kernel and what it misses', () => {
  const request = '24000000200005000700000000000000';
  const body = Buffer.from(
    // errno -22, the request's header (capped), NLMSGERR_ATTR_MSG "no", NLMSGERR_ATTR_OFFS 20, NLMSGERR_ATTR_MISS_TYPE 3
    `eaffffff${request}07000100${'6e6f0000'}0800020014000000${'0800060003000000'}`,
    'hex',
  );

  assert.deepEqual(readAck(error(FLAG.capped | FLAG.ackTlvs, body)), {
    errno: 22,
    message: 'no',
    offset: 20,
    missingAttribute: 3,
  });
});

test('readAck() skips the quoted request where it is not capped', () => {
  const body = Buffer.from(
    'feffffff' + '14000000200005000700000000000000' + 'aabbccdd' + '0700010068690000',
    'hex',
  );

  assert.deepEqual(readAck(error(FLAG.ackTlvs, body)), { errno: 2, message: 'hi' });
  assert.deepEqual(readAck(error(0, body)), { errno: 2 });
  assert.deepEqual(readAck(error(0, Buffer.alloc(20))), { errno: 0 });
  assert.deepEqual(readAck(error(0, Buffer.alloc(2))), { errno: 71 });
});

test('readDone() gives 0 for a whole dump and the errno of a failed one', () => {
  assert.equal(readDone(error(0, Buffer.alloc(4))).errno, 0);
  assert.equal(readDone(error(0, Buffer.from('ffffffff', 'hex'))).errno, 1);
  assert.equal(readDone(error(0, Buffer.alloc(0))).errno, 0);
});

test('writeGetFamily() asks as libnl does', () => {
  const writer = new MessageWriter();
  writeGetFamily(writer, 0x6b00dd38, 'IPVS');

  // Seen from ipvsadm 1.31; the port id is 0 as the kernel knows who sends.
  assert.equal(
    Buffer.from(writer.finish()).toString('hex'),
    '2000000010000500' + '38dd006b00000000' + '03010000' + '09000200' + '4950565300000000',
  );
});

test('readFamily() reads number, version and groups', () => {
  const writer = new MessageWriter();
  writer.begin(16, 0, 1).generic(1, 2).text(2, 'nlctrl').u16(1, 16);
  writer.u32(3, 2);
  const groups = writer.beginNested(7);
  const one = writer.beginNested(1);
  writer.u32(2, 16).text(1, 'notify');
  writer.endNested(one);
  writer.endNested(groups);

  const family = readFamily([...readMessages(writer.finish())][0]!);

  assert.deepEqual(family, { id: 16, name: 'nlctrl', version: 2, groups: new Map([['notify', 16]]) });
});

function error(flags: number, body: Uint8Array): NetlinkMessage {
  return { type: 2, flags, sequence: 7, portId: 0, body };
}

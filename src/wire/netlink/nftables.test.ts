import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageWriter } from './message-writer.ts';
import { readGeneration, writeGetGeneration, writeGetInetTable } from './nftables.ts';

test('writeGetInetTable() asks for one table by name', () => {
  const writer = new MessageWriter();
  writeGetInetTable(writer, 3, 'lbctl');

  // biome-ignore format: one field a row
  assert.equal(Buffer.from(writer.finish()).toString('hex'), [
    '20000000', '010a', '0100', '03000000', '00000000', // NFT_MSG_GETTABLE, request
    '01', '00', '0000', // NFPROTO_INET
    '0a00', '0100', '6c6263746c00', '0000', // "lbctl"
  ].join(''));
});

test('readGeneration() reads the number in network order', () => {
  const writer = new MessageWriter();
  writeGetGeneration(writer, 1);
  assert.equal(Buffer.from(writer.finish()).toString('hex'), '14000000100a01000100000000000000' + '00000000');

  const body = Buffer.from('0000000008000100000001070800020000000001', 'hex');

  assert.equal(readGeneration({ type: 0xa0f, flags: 0, sequence: 1, portId: 0, body }), 263);
});

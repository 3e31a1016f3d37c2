import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DNS_TYPES, type DnsType, decodeAnswer, encodeQuestion } from './dns.ts';

const QUESTION = Buffer.from(
  [
    '1234', // id
    '0100', // recursion desired
    '0001000000000000', // one question
    '076578616d706c6503636f6d00', // example.com
    '000f0001', // MX IN
  ].join(''),
  'hex',
);

const ANSWER = Buffer.from(
  [
    '1234',
    '8180',
    '0001000200000000',
    '076578616d706c6503636f6d00',
    '000f0001',
    'c00c000f0001000000ff0009', // pointer to the name, MX, ttl, 9 bytes
    '000a046d61696cc00c', // 10 mail.example.com
    'c00c00010001000000ff0004c0000201', // an A record beside it
  ].join(''),
  'hex',
);

describe('encodeQuestion()', () => {
  it('writes the bytes of RFC 1035', () => {
    assert.deepEqual(encodeQuestion(0x1234, 'example.com.', 'MX'), QUESTION);
  });
});

describe('decodeAnswer()', () => {
  it('follows pointers and keeps to the records asked for', () => {
    assert.deepEqual(decodeAnswer(ANSWER, 'MX'), {
      id: 0x1234,
      isResponse: true,
      truncated: false,
      rcode: 'NOERROR',
      answers: ['10 mail.example.com'],
    });
    assert.deepEqual(decodeAnswer(ANSWER, 'A')?.answers, ['192.0.2.1']);
  });

  it('answers undefined for a message cut anywhere inside', () => {
    for (let length = 0; length < ANSWER.length; length++) {
      assert.equal(decodeAnswer(ANSWER.subarray(0, length), 'MX'), undefined, `${length} bytes`);
    }
  });

  it('does not follow a pointer for ever', () => {
    const loop = Buffer.from('123481800001000000000000c00c00010001', 'hex');

    assert.equal(decodeAnswer(loop, 'A'), undefined);
  });

  it('never throws on garbage', () => {
    const types = fc.constantFrom(...(Object.keys(DNS_TYPES) as DnsType[]));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), types, (bytes, type) => {
        decodeAnswer(bytes, type);
      }),
      { numRuns: 2000 },
    );
  });
});

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { BEAT, never, soon } from '../../../test/fixtures/checks.ts';
import type { CheckOf } from './checker.ts';
import { checkDns } from './dns.ts';
import { checkUdp } from './udp.ts';

const UDP: CheckOf<'udp'> = {
  ...BEAT,
  type: 'udp',
  payload: '70696e67',
  requireReply: true,
  minReplyBytes: 0,
  maxReplyBytes: 255,
};
const DNS: CheckOf<'dns'> = {
  ...BEAT,
  type: 'dns',
  name: 'example.com',
  record: 'A',
  transport: 'udp',
  rcode: 'NOERROR',
  answers: [],
};

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

type Answer = (message: Buffer) => Buffer | undefined;

async function udpMember(answer: Answer): Promise<{ address: string; port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const reply = answer(message);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return { address: '127.0.0.1', port: socket.address().port };
}

/** The question turned into an answer with this rcode and these IPv4 records. */
function dnsAnswer(question: Buffer, rcode: number, addresses: readonly string[]): Buffer {
  const header = Buffer.from(question);
  header.writeUInt16BE(0x8180 | rcode, 2);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, ...records]);
}

describe('checkUdp()', () => {
  it('sends the payload and judges the reply', async () => {
    const target = await udpMember((message) =>
      message.toString() === 'ping' ? Buffer.from('pong') : undefined,
    );

    assert.deepEqual(await checkUdp({ ...UDP, expect: '^pong$' }, target, soon()), { ok: true });
    assert.deepEqual(await checkUdp({ ...UDP, expect: '^OK' }, target, soon()), {
      ok: false,
      error: 'The reply does not match /^OK/: got "pong"',
    });
    assert.deepEqual(await checkUdp({ ...UDP, minReplyBytes: 8 }, target, soon()), {
      ok: false,
      error: 'The reply has 4 bytes: wanted 8-255',
    });
  });

  it('takes silence for health only where no reply is required', async () => {
    const target = await udpMember(() => undefined);

    assert.deepEqual(await checkUdp(UDP, target, never()), {
      ok: false,
      error: 'Timed out waiting for the reply',
    });
    assert.deepEqual(await checkUdp({ ...UDP, requireReply: false }, target, never()), { ok: true });
  });

  it('fails at once on an ICMP port unreachable', async () => {
    const target = await udpMember(() => undefined);
    closers.pop()!();

    const outcome = await checkUdp({ ...UDP, requireReply: false }, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'Port unreachable (ICMP)' });
  });
});

describe('checkDns()', () => {
  it('passes on the expected rcode and records', async () => {
    const target = await udpMember((question) => dnsAnswer(question, 0, ['192.0.2.1', '192.0.2.2']));

    assert.deepEqual(await checkDns(DNS, target, soon()), { ok: true });
    assert.deepEqual(await checkDns({ ...DNS, answers: ['192.0.2.2'] }, target, soon()), { ok: true });
    assert.deepEqual(await checkDns({ ...DNS, answers: ['192.0.2.9'] }, target, soon()), {
      ok: false,
      error: 'A example.com lacks 192.0.2.9: got 192.0.2.1, 192.0.2.2',
    });
  });

  it('can want a refusal', async () => {
    const target = await udpMember((question) => dnsAnswer(question, 3, []));

    assert.deepEqual(await checkDns({ ...DNS, rcode: 'NXDOMAIN' }, target, soon()), { ok: true });
    assert.deepEqual(await checkDns(DNS, target, soon()), {
      ok: false,
      error: 'A example.com answered NXDOMAIN: wanted NOERROR',
    });
  });

  it('waits for the answer to its own question', async () => {
    const target = await udpMember((question) => {
      const answer = dnsAnswer(question, 0, []);
      answer.writeUInt16BE(question.readUInt16BE(0) ^ 1, 0);
      return answer;
    });

    const outcome = await checkDns(DNS, target, never());

    assert.deepEqual(outcome, { ok: false, error: 'Timed out waiting for the answer' });
  });

  it('asks over TCP, in as many pieces as the member likes', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data: Buffer) => {
        const answer = dnsAnswer(data.subarray(2), 0, ['192.0.2.1']);
        const length = Buffer.from([answer.length >> 8, answer.length & 0xff]);
        const whole = Buffer.concat([length, answer]);
        socket.write(whole.subarray(0, 5));
        setTimeout(() => socket.write(whole.subarray(5)), 10);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const target = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };

    const outcome = await checkDns({ ...DNS, transport: 'tcp', answers: ['192.0.2.1'] }, target, soon());

    assert.deepEqual(outcome, { ok: true });
  });
});

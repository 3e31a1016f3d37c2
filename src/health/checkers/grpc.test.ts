import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { BEAT, soon } from '../../../test/fixtures/checks.ts';
import type { CheckOf } from './checker.ts';
import { checkGrpc, encodeRequest } from './grpc.ts';

const CHECK: CheckOf<'grpc'> = {
  ...BEAT,
  type: 'grpc',
  service: '',
};
const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** Answers the health call for each service name with this status number, or a gRPC error code. */
async function member(services: Record<string, number | { grpcStatus: string }>) {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const answer = services[Buffer.concat(chunks).subarray(7).toString()] ?? { grpcStatus: '5' };
      if (typeof answer !== 'number')
        return stream.respond({ ':status': 200, 'grpc-status': answer.grpcStatus }, { endStream: true });
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      return stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, answer]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('checkGrpc()', () => {
  it('passes on SERVING only, and says what else it heard', async () => {
    const target = await member({ '': 1, api: 2, none: { grpcStatus: '12' } });
    const outcome = (service: string) => checkGrpc({ ...CHECK, service }, target, soon());

    assert.deepEqual(await outcome(''), { ok: true });
    assert.deepEqual(await outcome('api'), { ok: false, error: 'The health of "api" is NOT_SERVING' });
    assert.deepEqual(await outcome('other'), {
      ok: false,
      error: 'The health service does not know "other"',
    });
    assert.deepEqual(await outcome('none'), { ok: false, error: 'The member has no gRPC health service' });
  });
});

describe('encodeRequest()', () => {
  it('writes the length-prefixed message of the health protocol', () => {
    assert.equal(encodeRequest('').toString('hex'), '0000000000');
    assert.equal(encodeRequest('ab').toString('hex'), '00000000040a026162');
  });
});

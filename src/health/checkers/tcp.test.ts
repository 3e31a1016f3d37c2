import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { BEAT, never, soon } from '../../../test/fixtures/checks.ts';
import type { CheckOf } from './checker.ts';
import { checkTcp, unescapeText } from './tcp.ts';

const CHECK: CheckOf<'tcp'> = {
  ...BEAT,
  type: 'tcp',
};

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

async function member(serve: (socket: Socket) => void): Promise<{ address: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('checkTcp()', () => {
  it('passes as soon as the member accepts', async () => {
    const target = await member(() => {});

    assert.deepEqual(await checkTcp(CHECK, target, soon()), { ok: true });
  });

  it('says that the connection was refused', async () => {
    const target = await member(() => {});
    closers.pop()!();

    assert.deepEqual(await checkTcp(CHECK, target, soon()), {
      ok: false,
      error: 'Connection refused',
    });
  });

  it('sends and matches the reply over several chunks', async () => {
    const target = await member((socket) => {
      socket.once('data', (chunk) => {
        assert.equal(chunk.toString(), 'PING\r\n');
        socket.write('+PO');
        setTimeout(() => socket.write('NG\r\n'), 10);
      });
    });

    const outcome = await checkTcp({ ...CHECK, send: 'PING\\r\\n', expect: '^\\+PONG' }, target, soon());

    assert.deepEqual(outcome, { ok: true });
  });

  it('says what it was waiting for when a member accepts and stays silent', async () => {
    const target = await member(() => {});

    const outcome = await checkTcp({ ...CHECK, expect: 'x' }, target, never());

    assert.deepEqual(outcome, { ok: false, error: 'Timed out waiting for the expected reply' });
  });

  it('gives up on a banner without end, in bounded memory', async () => {
    const target = await member((socket) => {
      const feed = (): void => {
        while (socket.writable && socket.write('y'.repeat(16_384))) {}
        socket.once('drain', feed);
      };
      feed();
    });

    const outcome = await checkTcp({ ...CHECK, expect: 'never' }, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'No match in the first 65536 bytes of the reply' });
  });

  it('quotes what a member said that closed too early', async () => {
    const target = await member((socket) => socket.end('500 busy\r\n'));

    const outcome = await checkTcp({ ...CHECK, expect: '^220' }, target, soon());

    assert.deepEqual(outcome, {
      ok: false,
      error: 'The member closed the connection before the expected reply: got "500 busy.."',
    });
  });
});

describe('unescapeText()', () => {
  it('reads the escapes of a binary request', () => {
    assert.deepEqual([...unescapeText('A\\x00\\xff\\\\\\n')], [65, 0, 255, 92, 10]);
  });
});

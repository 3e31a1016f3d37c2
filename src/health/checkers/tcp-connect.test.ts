// tcp checks that only connect: thousands of them share one look at the kernel.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { BEAT } from '../../../test/fixtures/checks.ts';
import type { CheckResult } from '../judge.ts';
import { runCheck } from '../run-check.ts';
import { letGoOfConnects } from './tcp.ts';

/** No machine is so slow that an answer on loopback does not come by then. */
const LONG_MS = 20_000;
const SHORT_MS = 50;

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function ask(
  port: number,
  timeoutMs: number,
  more: { readonly sourceAddress?: string } = {},
  stop = new AbortController().signal,
): Promise<CheckResult> {
  const check = { ...BEAT, type: 'tcp', timeoutMs, ...more } as const;
  return runCheck(check, { address: '127.0.0.1', port }, stop);
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function sockets(): number {
  return readdirSync('/proc/self/fd').length;
}

/** As /proc/net/tcp numbers them. */
const [ESTABLISHED, SYN_SENT, TIME_WAIT] = ['01', '02', '06'];

function connectionsTo(port: number, state: string): number {
  const to = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1);
  return rows.filter((row) => {
    const [, , remote, of] = row.trim().split(/\s+/);
    return remote === to && of === state;
  }).length;
}

describe('runCheck() of a tcp check that only connects', () => {
  it('passes once the member accepts, and tells what the handshake took', async () => {
    const { ok, latencyMs } = await ask(await listen(), LONG_MS);

    assert.equal(ok, true);
    assert.ok(latencyMs >= 0 && latencyMs < LONG_MS);
  });

  it('says that the connection was refused', async () => {
    const port = await listen();
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');

    assert.equal((await ask(port, LONG_MS)).error, 'Connection refused');
  });

  it('says that its source address is not here', async () => {
    const { error } = await ask(await listen(), LONG_MS, { sourceAddress: '192.0.2.1' });

    assert.equal(error, 'The source address is not on this node, or it has no free port left');
  });

  it('takes what was answered in time as such, however late this thread looks and however many there are', async () => {
    const ports = await Promise.all(Array.from({ length: 5 }, listen));
    const asked = ports.flatMap((port) => Array.from({ length: 100 }, () => ask(port, SHORT_MS)));
    block(2 * SHORT_MS);
    const told = await Promise.all(asked);

    assert.deepEqual(new Set(told.map(({ ok, error }) => error ?? ok)), new Set([true]));
  });

  it('takes a member that resets what it accepted as one that accepts', async () => {
    const script = `const server = require('node:net').createServer((s) => s.resetAndDestroy())
      .listen(0, '127.0.0.1', () => console.log(server.address().port))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const asked = Array.from({ length: 20 }, () => ask(Number(line), LONG_MS));
      // Until then all of them are reset.
      block(200);

      assert.deepEqual(new Set((await Promise.all(asked)).map(({ ok }) => ok)), new Set([true]));
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends each connection by a reset and uses its socket for the next, of whatever member and end', async () => {
    const [here, there] = [await listen(), await listen()];
    const ended: string[] = [];
    for (const server of servers.slice(-2))
      server.on('connection', (socket) =>
        socket.on('error', ({ code }: NodeJS.ErrnoException) => ended.push(code!)),
      );
    const gone = await listen();
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    await ask(here, LONG_MS);
    const before = sockets();
    for (let i = 0; i < 50; i++) {
      assert.equal((await ask(i % 2 === 0 ? here : there, LONG_MS)).ok, true);
      assert.equal((await ask(gone, LONG_MS)).error, 'Connection refused');
    }
    for (let i = 0; i < 10_000 && ended.length < 51; i++) await turn();

    assert.deepEqual(ended, Array(51).fill('ECONNRESET'));
    assert.ok(sockets() <= before + 2, 'what a refusal took is closed');
    for (const state of [ESTABLISHED, TIME_WAIT]) assert.equal(connectionsTo(here, state), 0);
  });

  describe('of a member that is silent', () => {
    let member: ChildProcess;
    let port: number;
    before(async () => {
      [member, port] = await silentMember();
    });
    after(() => member.kill('SIGKILL'));

    it('fails when its time is over', async () => {
      const { ok, latencyMs } = await ask(port, SHORT_MS);

      assert.equal(ok, false);
      assert.ok(latencyMs >= SHORT_MS, `took ${latencyMs} ms`);
    });

    it('leaves no socket behind that was kept for the next check, when its thread ends', async () => {
      const open = await listen();
      letGoOfConnects();
      await ask(open, LONG_MS);
      const kept = sockets();

      letGoOfConnects();

      assert.equal(kept - sockets(), 1);
    });

    it('leaves no connection behind when its thread ends in the turn in which it began', async () => {
      const [stopped, other] = [new AbortController(), new AbortController()];
      const told = [ask(port, LONG_MS, {}, stopped.signal), ask(port, LONG_MS, {}, other.signal)];
      stopped.abort();

      letGoOfConnects();
      const left = connectionsTo(port, SYN_SENT);
      other.abort();
      letGoOfConnects();

      assert.deepEqual([left, connectionsTo(port, SYN_SENT)], [1, 0]);
      assert.deepEqual(
        (await Promise.all(told)).map(({ ok }) => ok),
        [false, false],
      );
    });

    it('leaves no connection behind when it is stopped: in the turn in which it began, or later', async () => {
      const stop = [new AbortController(), new AbortController()] as const;
      const ten = (by: AbortController) =>
        Array.from({ length: 10 }, () => ask(port, LONG_MS, {}, by.signal));
      const soon = ten(stop[0]);
      const duringSoon = connectionsTo(port, SYN_SENT);
      stop[0].abort();
      await turn();
      const afterSoon = connectionsTo(port, SYN_SENT);
      const later = ten(stop[1]);
      await turn();
      const duringLater = connectionsTo(port, SYN_SENT);
      stop[1].abort();
      const atOnce = connectionsTo(port, SYN_SENT);
      const told = await Promise.all([...soon, ...later]);

      assert.deepEqual([duringSoon, afterSoon, duringLater, atOnce], [10, 0, 10, 0]);
      assert.deepEqual(new Set(told.map(({ ok }) => ok)), new Set([false]));
      assert.equal((await ask(port, LONG_MS, {}, stop[1].signal)).ok, false);
    });
  });
});

/** It accepts nothing: the kernel does so twice for it, and drops whoever comes then. */
async function silentMember(): Promise<[member: ChildProcess, port: number]> {
  const script = `const server = require('node:net').createServer()
    .listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`;
  const member = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(member.stdout, 'data')) as [Buffer];
  member.kill('SIGSTOP');
  await Promise.all([1, 2].map(() => ask(Number(line), LONG_MS)));
  return [member, Number(line)];
}

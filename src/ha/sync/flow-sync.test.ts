// Two nodes over real TLS on loopback: completeness, changes, and every peer that must not be believed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { ownLoopback, ownPort } from '../../../test/fixtures/own-loopback.ts';
import { systemClock } from '../../lib/clock.ts';
import type { FlowEnd, FlowKey, FlowNews, FlowRecord, WatchedFlows } from '../../model/flow.ts';
import { writeSync } from './flow-message.ts';
import { FlowSync } from './flow-sync.ts';
import type { SyncTls } from './sync-server.ts';

const HOST = ownLoopback(73);
const folder = mkdtempSync(join(tmpdir(), 'lbctl-sync-'));
const closing: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});
after(() => rmSync(folder, { recursive: true }));

function authority(name: string): SyncTls {
  const path = (file: string): string => join(folder, `${name}-${file}`);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9'];
  openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl('req', ...key.slice(0, 5), '-subj', '/CN=node', '-keyout', path('key'), '-out', path('csr'));
  writeFileSync(path('ext'), 'subjectAltName = DNS:node\n');
  openssl(
    ...['x509', '-req', '-in', path('csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', '-days', '9', '-extfile', path('ext'), '-out', path('pem')],
  );
  return {
    cert: readFileSync(path('pem')),
    key: readFileSync(path('key')),
    ca: readFileSync(path('ca.pem')),
  };
}
const [OURS, OTHERS] = [authority('ours'), authority('others')];

function flow(n: number, sequence = 1): FlowRecord {
  const key = {
    protocol: 6,
    client: `198.51.${n >> 8}.${n & 255}`,
    clientPort: 4000,
    vip: '192.0.2.10',
    vipPort: 80,
  };
  return { key, member: '10.0.0.1', memberPort: 80, source: '', sourcePort: 0, flags: 2, sequence };
}

/** What happened since the last look is what the test put in. */
class Table implements WatchedFlows {
  readonly flows = new Map<string, FlowRecord>();
  news: FlowNews[] = [];

  add(...flows: FlowRecord[]): void {
    this.put(flows);
    this.news.push({ changed: flows, gone: [] });
  }
  async *scan(): AsyncGenerator<FlowNews> {
    yield* this.news.splice(0);
  }
  established = (): Iterable<FlowRecord> => [...this.flows.values()];
  sequenceOf = (key: FlowKey): number | undefined => this.flows.get(key.client)?.sequence;
  put(flows: readonly FlowRecord[]): void {
    for (const one of flows) this.flows.set(one.key.client, one);
  }
  remove(ends: readonly FlowEnd[]): void {
    for (const { key } of ends) this.flows.delete(key.client);
  }
  takeOver(): void {}
  counts = () => ({ known: this.flows.size, homeless: 0 });
}

interface Node {
  readonly table: Table;
  readonly sync: FlowSync;
  readonly troubles: string[];
  readonly synced: boolean[];
  readonly heard: string[];
}

async function node(name: string, port: number, peer: number, tls = OURS, flows = 0): Promise<Node> {
  const table = new Table();
  table.put(Array.from({ length: flows }, (_, n) => flow(n)));
  const [troubles, synced, heard]: [string[], boolean[], string[]] = [[], [], []];
  const sync = new FlowSync({
    clock: systemClock,
    node: name,
    table,
    tls,
    listen: { host: HOST, port },
    peers: [{ host: HOST, port: peer }],
    minAgeMs: 0,
    epoch: () => 1,
    roles: () => [{ group: 'pair', role: 'active', epoch: 3, priority: 150 }],
    onRoles: (from, groups) =>
      heard.push(`${from} ${groups[0]?.group} ${groups[0]?.role} ${groups[0]?.epoch}`),
    onSynced: (is) => synced.push(is),
    onTrouble: (_what, detail) => troubles.push(detail),
  });
  closing.push(sync);
  await sync.start();
  return { table, sync, troubles, synced, heard };
}

async function until(isTrue: () => boolean, withinMs = 8000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!isTrue()) {
    assert.ok(performance.now() < end, `${isTrue} did not come true`);
    await sleep(10);
  }
}

test('a joining node has everything before it counts as synced, then hears what changes, and of roles', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const a = await node('lb-a', p, q, OURS, 20_000);
  const b = await node('lb-b', q, p);
  let atSync = -1;
  await until(() => {
    if (atSync < 0 && b.synced.length > 0) atSync = b.table.flows.size;
    return b.synced.at(-1) === true;
  });
  assert.equal(atSync, 20_000);

  a.table.add(flow(30_000), flow(1, 2));
  await until(() => b.table.flows.size === 20_001);
  assert.equal(b.table.sequenceOf(flow(1).key), 2);
  a.table.news.push({ changed: [], gone: [{ key: flow(2).key, sequence: 2 }] });
  await until(() => b.table.flows.size === 20_000);
  await until(() => b.heard.includes('lb-a pair active 3'));
  assert.deepEqual(b.sync.status().peers[0]?.state, 'synced');
  assert.equal(b.sync.status().peers[0]?.received, 20_000);
});

test('flush() returns when the peers have taken the youngest flows too', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const a = await node('lb-a', p, q);
  const b = await node('lb-b', q, p);
  await until(() => b.synced.at(-1) === true && a.sync.status().followers === 1);
  a.table.add(...Array.from({ length: 5000 }, (_, n) => flow(n)));

  await a.sync.flush(5000);

  await until(() => b.table.flows.size === 5000, 500);
});

test('a peer that is away is no reason to wait for ever, and one that comes back is waited for', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const b = await node('lb-b', q, p);
  assert.deepEqual(b.synced, []);
  await until(() => b.synced.at(-1) === true);

  await node('lb-a', p, q, OURS, 100);
  await until(() => b.table.flows.size === 100 && b.sync.status().peers[0]?.state === 'synced', 12_000);
  assert.deepEqual(b.synced, [true, false, true]);
});

test('a node with a certificate of somebody else is turned away on both sides, and told so', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const a = await node('lb-a', p, q, OURS, 10);
  const z = await node('lb-z', q, p, OTHERS, 10);
  z.table.flows.clear();
  await until(() => z.troubles.length > 0 && a.troubles.length > 0);

  assert.match([...a.troubles, ...z.troubles].join(), /turned away/);
  assert.equal(z.table.flows.size, 0);
});

test('a client without a certificate gets nothing, and garbage ends only its own connection', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const a = await node('lb-a', p, q, OURS, 10);
  const socket = connect(p, HOST);
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  socket.on('error', () => {});
  socket.end('GET / HTTP/1.1\r\n\r\n');
  await until(() => socket.destroyed);
  assert.ok(bytes < 100, 'an alert at most');

  const b = await node('lb-b', q, p);
  await until(() => b.table.flows.size === 10);
  assert.equal(a.sync.status().followers, 1);
});

/** A peer of our authority that speaks as it likes. */
async function strange(port: number, hello: Uint8Array): Promise<Server> {
  const server = createTlsServer({ ...OURS, requestCert: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(hello);
  });
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));
  return server;
}

test('a peer of another version is refused clearly and its flows are not taken', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const put = writeSync({ kind: 'put', flows: [flow(1)] });
  const hello = writeSync({ kind: 'hello', version: 9, node: 'lb-z', epoch: 1 });
  await strange(p, Buffer.concat([hello, put]));
  const b = await node('lb-b', q, p);

  await until(() => b.troubles.length > 0);
  assert.deepEqual(b.troubles, ['Cannot sync with "lb-z" as it speaks version 9, we 1']);
  assert.equal(b.sync.status().peers[0]?.state, 'refused');
  assert.equal(b.table.flows.size, 0);
  assert.deepEqual(b.synced, [], 'and nobody takes its place before the deadline');
});

test('a peer that says nothing more is given up within a few seconds and called again', async () => {
  const [p, q] = [ownPort(), ownPort()];
  const silent = await strange(p, writeSync({ kind: 'hello', version: 1, node: 'lb-a', epoch: 1 }));
  let calls = 0;
  silent.on('connection', () => calls++);
  const b = await node('lb-b', q, p);

  await until(() => calls >= 2, 8000);
  assert.match(b.troubles.join(), /nothing was heard for 3 s/);
});

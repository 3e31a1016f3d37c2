// The API under load while 10,000 checks run: how long reads and writes take; and how soon a health change reaches the data
// plane while a configuration of 10,000 listeners is applied.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigSource } from '../src/app/daemon/config/config-source.ts';
import { openSource } from '../src/app/daemon/config/open-source.ts';
import { Daemon } from '../src/app/daemon/daemon.ts';
import { memoryMachine } from '../src/app/machine.ts';
import { openRest } from '../src/doors/rest/open-rest.ts';
import { overtakingRows } from './api-overtake.ts';
import { machine, publish, row } from './report.ts';

const LISTENERS = 1000;
const MEMBERS = 10;
const SECONDS = 15;
const READS = 1000;
const WRITES = 200;
/** Objects of the API that the writes are about. */
const MADE = 500;

const members = spawn(process.execPath, [join(import.meta.dirname, 'health-members.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface(members.stdout), 'line')) as [string];
const [tcpPort] = line.split(' ').map(Number) as [number, number];

const folder = mkdtempSync(join(tmpdir(), 'lbctl-bench-api-'));
const socket = join(folder, 'api.sock');

function configText(): string {
  const pools: string[] = [];
  const listeners: string[] = [];
  for (let i = 0; i < LISTENERS; i++) {
    const list = Array.from({ length: MEMBERS }, (_, m) => {
      const n = i * MEMBERS + m;
      const address = `127.${1 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${1 + (n % 250)}`;
      return `{ name: m${m}, address: ${address}, port: ${tcpPort} }`;
    });
    pools.push(`  - { name: p${i}, health: { type: tcp, interval: 10s }, members: [${list.join(', ')}] }`);
    listeners.push(`  - { name: l${i}, vip: v, port: ${1000 + i}, pool: p${i} }`);
  }
  return `
node: { name: bench }
network: { frontend: { interface: lo } }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
logging: { console: false }
metrics: { prometheus: { enabled: false } }
vips: [{ name: v, address: 192.0.2.10 }]
pools:
${pools.join('\n')}
listeners:
${listeners.join('\n')}
`;
}

/** The file as text that never was on disk: what is measured is the API. */
function sourceOf(text: string): ConfigSource {
  const real = openSource('bench.yaml', 'wished');
  return { ...real, read: async () => real.parse([{ file: 'bench.yaml', role: 'main', text }]) };
}

const source = sourceOf(configText());
const first = source.load((await source.read()).files, []);
if (first.intent === undefined) throw new Error(JSON.stringify(first.diagnostics.slice(0, 3)));
const daemon = new Daemon({
  version: 'bench',
  source,
  intent: first.intent,
  openMachine: () => memoryMachine(),
  engine: 'memory',
  write: () => {},
});
const rest = await openRest(daemon, { ...first.intent.api, socket }, { access: daemon.access });
await daemon.start();
await sleep(11_000);

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function ask(method: string, path: string, body?: unknown, isThere = false): Promise<number> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const type = payload === undefined ? {} : { 'content-type': 'application/json' };
    const match = isThere ? { 'if-match': '*' } : {};
    const sent = request(
      { socketPath: socket, method, path, agent, headers: { ...type, ...match } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.once('error', reject);
    sent.end(payload);
  });
}

interface Timed {
  readonly sorted: readonly number[];
  readonly failed: number;
}

/** Sent on a beat, whatever became of the ones before: a slow answer does not make the load lighter. */
async function load(perSecond: number, send: (i: number) => Promise<number>): Promise<Timed> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  let failed = 0;
  const begin = performance.now();
  for (let i = 0; i < perSecond * SECONDS; i++) {
    const at = begin + (i * 1000) / perSecond;
    const waitMs = at - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    running.push(
      send(i).then(
        (status) => {
          // From when it should have been sent: what waits in us waits too.
          times.push(performance.now() - at);
          if (status >= 400) failed++;
        },
        () => void failed++,
      ),
    );
  }
  await Promise.all(running);
  return { sorted: times.sort((a, b) => a - b), failed };
}

const at = ({ sorted }: Timed, share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

const READ_PATHS = ['listeners/l', 'pools/p'];
const before = daemon.rounds().length;
const [reads, writes] = await Promise.all([
  load(READS, (i) => ask('GET', `/v1/${READ_PATHS[i % 2]}${(i * 7) % LISTENERS}`)),
  load(WRITES, (i) =>
    // The first ones make their pools, the others change them.
    ask(
      'PUT',
      `/v1/pools/api${i % MADE}`,
      { members: [{ address: '127.0.0.1', port: tcpPort, weight: 1 + (i % 100) }] },
      i >= MADE,
    ),
  ),
]);
const rounds = daemon.rounds().length - before;
const revisions = daemon.config.revisionCount();
agent.destroy();
await rest.close();
await daemon.stop();
members.kill();
rmSync(folder, { recursive: true });

const good = publish({
  name: 'api',
  conditions: {
    ...machine(),
    listeners: LISTENERS,
    members: LISTENERS * MEMBERS,
    seconds: SECONDS,
    client: 'in the same process, which counts against the daemon',
  },
  rows: [
    row(`p50 of ${READS} reads/s`, at(reads, 0.5), 'ms'),
    row(`p99 of ${READS} reads/s`, at(reads, 0.99), 'ms', '< 50'),
    row('reads that failed', reads.failed, '', '<= 0'),
    row(`p50 of ${WRITES} writes/s`, at(writes, 0.5), 'ms'),
    row(`p99 of ${WRITES} writes/s`, at(writes, 0.99), 'ms', '< 50'),
    row('writes that failed', writes.failed, '', '<= 0'),
    row(`rounds for ${WRITES * SECONDS} writes`, rounds, ''),
    row('revisions of them', revisions, ''),
    ...(await overtakingRows()),
  ],
});
process.exitCode = good ? 0 : 1;

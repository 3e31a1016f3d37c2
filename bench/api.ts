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
import { overtakingRows } from './api-overtake.ts';
import { cpuMs } from './lib/process-cost.ts';
import { machine, publish, row } from './report.ts';

const LISTENERS = 1000;
const MEMBERS = 10;
const SECONDS = 30;
/** Nobody has asked this daemon before: all of its code for that is still to be compiled, and the text of every object to be made. */
const COLD_SECONDS = 10;
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
/** Those with which `lbctl daemon` starts, whatever ours are. */
const DAEMON_FLAGS = [
  ...process.execArgv.filter((flag) => !flag.includes('semi-space')),
  '--max-semi-space-size=16',
];
/** A process of its own, as clients are: what they cost does not count. */
const daemon = spawn(
  process.execPath,
  [
    ...DAEMON_FLAGS,
    join(import.meta.dirname, 'api-daemon.ts'),
    ...[folder, tcpPort, LISTENERS, MEMBERS].map(String),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const told = createInterface(daemon.stdout)[Symbol.asyncIterator]();
await told.next();
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
  /** Of the first seconds, and of the rest; sorted. */
  readonly cold: readonly number[];
  readonly warm: readonly number[];
  readonly failed: number;
}

/** Sent on a beat, whatever became of the ones before: a slow answer does not make the load lighter. */
async function load(perSecond: number, send: (i: number) => Promise<number>): Promise<Timed> {
  const [cold, warm]: [number[], number[]] = [[], []];
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
          (i < perSecond * COLD_SECONDS ? cold : warm).push(performance.now() - at);
          if (status >= 400) failed++;
        },
        () => void failed++,
      ),
    );
  }
  await Promise.all(running);
  const ordered = (times: number[]): readonly number[] => times.sort((a, b) => a - b);
  return { cold: ordered(cold), warm: ordered(warm), failed };
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

const READ_PATHS = ['listeners/l', 'pools/p'];
const before = {
  own: process.cpuUsage(),
  members: cpuMs(members.pid!),
  loop: performance.eventLoopUtilization(),
};
const began = performance.now();
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
const tookMs = performance.now() - began;
const own = process.cpuUsage(before.own);
const clientMs = (own.user + own.system) / 1000;
const loop = performance.eventLoopUtilization(before.loop).utilization;
const membersMs = cpuMs(members.pid!) - before.members;
agent.destroy();
daemon.stdin.end();
const { value } = (await told.next()) as { value: string };
const { rounds, revisions, cpuMs: daemonMs, rssMb, longestMs } = JSON.parse(value) as Record<string, number>;
await once(daemon, 'exit');
members.kill();
rmSync(folder, { recursive: true });

const good = publish({
  name: 'api',
  conditions: {
    ...machine(),
    listeners: LISTENERS,
    members: LISTENERS * MEMBERS,
    seconds: SECONDS,
    client: 'in a process of its own',
  },
  rows: [
    row(`p50 of ${READS} reads/s`, at(reads.warm, 0.5), 'ms'),
    row(`p99 of ${READS} reads/s`, at(reads.warm, 0.99), 'ms', '< 50'),
    row(`  in the first ${COLD_SECONDS} s`, at(reads.cold, 0.99), 'ms'),
    row('reads that failed', reads.failed, '', '<= 0'),
    row(`p50 of ${WRITES} writes/s`, at(writes.warm, 0.5), 'ms'),
    row(`p99 of ${WRITES} writes/s`, at(writes.warm, 0.99), 'ms', '< 50'),
    row(`  in the first ${COLD_SECONDS} s`, at(writes.cold, 0.99), 'ms'),
    row('writes that failed', writes.failed, '', '<= 0'),
    row(`rounds for ${WRITES * SECONDS} writes`, rounds!, ''),
    row('revisions of them', revisions!, ''),
    row('processor time of the daemon, all threads', (daemonMs! / tookMs) * 100, '% of a core'),
    row('the same of the client', (clientMs / tookMs) * 100, '% of a core'),
    row('how busy its loop was', loop * 100, '%'),
    row('the same of the members', (membersMs / tookMs) * 100, '% of a core'),
    row('longest time its main thread was away', longestMs!, 'ms'),
    row('memory of the daemon', rssMb!, 'MB'),
    ...(await overtakingRows()),
  ],
});
process.exitCode = good ? 0 : 1;

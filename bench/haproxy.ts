// The HAProxy driver beside a hand-written haproxy.cfg: requests and latency, changes through the socket, generation, diff.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '../lab/process.ts';
import { behindOf, desiredItems } from '../src/drivers/haproxy/desired.ts';
import { HaproxyDriver } from '../src/drivers/haproxy/haproxy-driver.ts';
import { backendName, serverName } from '../src/drivers/haproxy/names.ts';
import { HaproxyProcess, pause } from '../src/drivers/haproxy/process.ts';
import { Record } from '../src/drivers/haproxy/record.ts';
import { ask } from '../src/drivers/haproxy/sockets.ts';
import { Store } from '../src/drivers/haproxy/store.ts';
import { EMPTY_OBSERVED } from '../src/model/item.ts';
import type { World } from '../src/model/world.ts';
import { assumedFacts } from '../src/plan/assumed-facts.ts';
import { orderSteps } from '../src/plan/order.ts';
import { resolve } from '../src/plan/resolve.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../test/fixtures/build-intent.ts';
import { machine, median, publish, row } from './report.ts';

const BINARY = '/usr/sbin/haproxy';
const VIP = '127.0.73.1';
const LISTENERS = 1000;
const MEMBERS = 10;
const SECONDS = 1;
const ROUNDS = 25;
const CHANGES = 50;
/** Of the pure parts the best counts: on a shared machine every other run also pays for its neighbours. */
const RUNS = 9;
const MEMBER = '--member';

/** The member is a process of its own, so that it does not take its time from the one that measures. */
if (process.argv[2] === MEMBER) {
  const server = createServer((_, response) => response.end('ok'));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
} else await main();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sy-bench-haproxy-'));
  const member = spawn(process.execPath, [import.meta.filename, MEMBER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(member.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const runDir = join(folder, 'ours');
  const driver = new HaproxyDriver({ binary: BINARY, runDir, maxConnections: 4000, threads: 1 });
  // In a session of its own with a master, as ours is: the kernel shares a busy machine by session (sched_autogroup).
  const hand = spawn(BINARY, ['-W', '-db', '-q', '-f', handWritten(folder, port)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await apply(driver, small(port, 1));
    await pause(500);
    const load = await compareLoad();
    const changes = await changeTimes(driver, runDir, port);
    const { generateMs, firstDiffMs, diffMs, bytes } = large(folder);
    const ok = publish({
      name: 'haproxy',
      conditions: {
        ...machine(),
        listeners: LISTENERS,
        members: MEMBERS,
        load: `wrk -t1 -c32, ${SECONDS} s, ${ROUNDS} pairs, in turns`,
      },
      rows: [
        row('requests a second, our configuration', load.ours.rps, 'req/s', '', load.hand.rps),
        row('  ours over the hand-written one, of neighbouring runs', load.rpsRatio, '', '>= 0.97'),
        row('p99', load.ours.p99, 'ms', '', load.hand.p99),
        row('  ours over the hand-written one, of neighbouring runs', load.p99Ratio, '', '<= 1.03'),
        row('member weight: plan and apply until the worker has it', median(changes), 'ms', '< 20'),
        row('  slowest of all', Math.max(...changes), 'ms'),
        row('World to haproxy.cfg, 1,000 x 10', Math.min(...generateMs), 'ms', '< 300'),
        row('  median', median(generateMs), 'ms'),
        row('  size', bytes / 1e6, 'MB'),
        row('diff for one changed member', Math.min(...diffMs), 'ms', '< 10'),
        row('  median', median(diffMs), 'ms'),
        row('diff from nothing', firstDiffMs, 'ms'),
      ],
    });
    process.exitCode = ok ? 0 : 1;
  } finally {
    hand.kill();
    member.kill();
    await driver.close();
    await new HaproxyProcess({ binary: BINARY, runDir }).stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an operator would write for the same: forwarded headers, the same timeouts, one member. */
function handWritten(folder: string, port: number): string {
  const file = join(folder, 'hand.cfg');
  writeFileSync(
    file,
    `global
  maxconn 4000
  nbthread 1
  user haproxy
  group haproxy
  chroot /var/lib/haproxy
defaults
  mode http
  option redispatch
  timeout client 50s
  timeout connect 5s
  timeout server 50s
  timeout http-request 10s
  timeout http-keep-alive 15s
frontend web
  bind ${VIP}:8081
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  default_backend web
backend web
  balance roundrobin
  server one 127.0.0.1:${port}
`,
  );
  return file;
}

function small(port: number, weight: number): World {
  const http = {
    rules: [],
    insertHeaders: ['X-Forwarded-For', 'X-Forwarded-Proto'] as const,
    setHeaders: {},
    removeHeaders: [],
    compression: false,
    errorPages: {},
    maintenance: false,
  };
  const listener = buildListener('web', 'vip', 8080, {
    protocol: 'http',
    mode: 'proxy',
    scheduler: 'rr',
    http,
  });
  return toWorld([listener], [buildPool('web', [buildMember('127.0.0.1', { port, weight })])]);
}

function toWorld(
  listeners: Parameters<typeof buildIntent>[0]['listeners'],
  pools: Parameters<typeof buildIntent>[0]['pools'],
): World {
  const intent = buildIntent({
    vips: [buildVip('vip', VIP, { manage: false })],
    listeners: listeners!,
    pools: pools!,
  });
  return resolve(intent, assumedFacts(intent, 0), { engine: 'haproxy' });
}

async function apply(driver: HaproxyDriver, world: World): Promise<void> {
  const steps = orderSteps(driver.plan(driver.desired(world), await driver.observe()).steps);
  for (const phase of new Set(steps.map((step) => step.phase)))
    for (const result of await driver.apply(steps.filter((step) => step.phase === phase)))
      if (!result.ok) throw result.error;
}

interface Load {
  readonly rps: number;
  readonly p99: number;
}

interface Compared {
  readonly ours: Load;
  readonly hand: Load;
  /** Medians of the ratios of neighbouring runs: what the machine does besides lasts longer than one of them. */
  readonly rpsRatio: number;
  readonly p99Ratio: number;
}

/** In turns, the first of a pair by turns as well, so that what the machine does besides strikes both. */
async function compareLoad(): Promise<Compared> {
  const rounds: { readonly ours: Load; readonly hand: Load }[] = [];
  await wrk(8080, 1);
  await wrk(8081, 1);
  for (let i = 0; i < ROUNDS; i++) {
    const first = await wrk(i % 2 === 0 ? 8081 : 8080);
    const second = await wrk(i % 2 === 0 ? 8080 : 8081);
    rounds.push(i % 2 === 0 ? { hand: first, ours: second } : { hand: second, ours: first });
  }
  const middle = (who: 'ours' | 'hand'): Load => ({
    rps: median(rounds.map((one) => one[who].rps)),
    p99: median(rounds.map((one) => one[who].p99)),
  });
  return {
    ours: middle('ours'),
    hand: middle('hand'),
    rpsRatio: median(rounds.map(({ ours, hand }) => ours.rps / hand.rps)),
    p99Ratio: median(rounds.map(({ ours, hand }) => ours.p99 / hand.p99)),
  };
}

async function wrk(port: number, seconds = SECONDS): Promise<Load> {
  const { stdout, stderr } = await exec([
    'wrk',
    '-t1',
    '-c32',
    `-d${seconds}s`,
    '--latency',
    `http://${VIP}:${port}/`,
  ]);
  const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  if (!(rps > 0) || p99 === null || /Non-2xx/.test(stdout))
    throw new Error(`Cannot read wrk: ${stdout}${stderr}`);
  return { rps, p99: Number(p99[1]) * { us: 0.001, ms: 1, s: 1000 }[p99[2] as 'us' | 'ms' | 's'] };
}

async function changeTimes(driver: HaproxyDriver, runDir: string, port: number): Promise<readonly number[]> {
  const times: number[] = [];
  const key = `tcp/${VIP}:8080`;
  const shown = `get weight ${backendName(key)}/${serverName(`127.0.0.1:${port}`)}`;
  for (let i = 1; i <= CHANGES; i++) {
    const world = small(port, 1 + i);
    const start = performance.now();
    await apply(driver, world);
    const [weight = ''] = await ask(`${runDir}/admin.sock`, [shown]);
    times.push(performance.now() - start);
    if (!weight.startsWith(`${1 + i} `)) throw new Error(`Cannot measure as the weight is ${weight}`);
  }
  return times;
}

function large(folder: string) {
  const generateMs: number[] = [];
  const diffMs: number[] = [];
  let bytes = 0;
  let firstDiffMs = 0;
  const driver = new HaproxyDriver({ binary: BINARY, runDir: folder, maxConnections: 4000, threads: 1 });
  for (let run = 0; run < RUNS; run++) {
    const world = manyListeners(run, 1);
    const start = performance.now();
    const items = desiredItems(world, { runDir: folder });
    const record = new Record();
    for (const one of items.values()) {
      const block = behindOf(one)?.block;
      if (block !== undefined) record.blocks.set(one.key, block);
    }
    const settings = {
      runDir: folder,
      maxConnections: 4000,
      threads: 1,
      user: 'haproxy',
      group: 'haproxy',
      hardStopAfterMs: 300_000,
    };
    const store = new Store(settings);
    record.generation = store.generationFor(record);
    bytes = store.render(record).length;
    generateMs.push(performance.now() - start);

    const before = driver.desired(world);
    if (run === 0) {
      const at = performance.now();
      driver.plan(before, EMPTY_OBSERVED);
      firstDiffMs = performance.now() - at;
    }
    const changed = manyListeners(run, 7, world);
    const wanted = driver.desired(changed);
    const from = performance.now();
    const { steps } = driver.plan(wanted, { ...EMPTY_OBSERVED, items: before });
    diffMs.push(performance.now() - from);
    if (steps.length !== 1) throw new Error(`Cannot measure as one step is due: ${steps.length}`);
  }
  return { generateMs, diffMs, bytes, firstDiffMs };
}

/** `like`: every listener but the first is the very same value, as resolve() keeps them. */
function manyListeners(run: number, weight: number, like?: World): World {
  const listeners = Array.from({ length: LISTENERS }, (_, i) =>
    buildListener(`app${i}`, 'vip', 1024 + i, { protocol: 'http', mode: 'proxy', scheduler: 'lc' }),
  );
  const pools = listeners.map(({ name }, i) =>
    buildPool(
      name,
      Array.from({ length: MEMBERS }, (_, m) =>
        buildMember(`10.${m}.${i >> 8}.${i & 255}`, {
          port: 8000 + run,
          weight: i === 0 && m === 0 ? weight : 100,
        }),
      ),
    ),
  );
  const world = toWorld(listeners, pools);
  if (like === undefined) return world;
  return { ...world, listeners: [world.listeners[0]!, ...like.listeners.slice(1)] };
}

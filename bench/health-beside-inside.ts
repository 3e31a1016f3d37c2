// The guest's part: keepalived and then lbctl as running daemons, what each costs while all is well, and how long a member that
// refuses connections stays in the kernel's table.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustSync, start, stop } from '../lab/process.ts';
import { until } from '../lab/until.ts';
import { clearKernel } from '../test/vm/guest/balancer.ts';
import { LBCTL } from '../test/vm/harness/guest-paths.ts';
import {
  ADDRESSES,
  hexOf,
  INTERVAL_S,
  keepalivedConfig,
  LONGEST_MS,
  MEMBER_PORT,
  ourConfig,
} from './health/beside-configs.ts';
import { cpuMs, statusMb } from './lib/process-cost.ts';
import { machine, median, quantile, type Row, row } from './report.ts';

const WATCH_MS = 40_000;
const TRIALS = 60;
const APART_MS = 250;
/** Every address refuses for one of the two only: what was closed stays closed. */
const LOOK_MS = 50;
const START_MS = 300_000;

interface Figures {
  readonly cpuPercent: number;
  readonly memoryMb: number;
  readonly detectedMs: readonly number[];
}

const folder = mkdtempSync(join(tmpdir(), 'health-beside-'));
mustSync(['ip', 'route', 'add', 'local', '10.9.0.0/16', 'dev', 'lo']);

/** Members that the kernel sends to. */
function serving(): Set<string> {
  const rows = readFileSync('/proc/net/ip_vs', 'latin1').matchAll(
    /^ {2}-> ([0-9A-F]{8}):[0-9A-F]{4} +\S+ +(\d+)/gm,
  );
  return new Set([...rows].filter(([, , weight]) => weight !== '0').map(([, address]) => address!));
}

async function measure(pids: () => readonly string[], close: (address: string) => void): Promise<Figures> {
  await until('all members to serve', () => serving().size === ADDRESSES.length, START_MS);
  await sleep(2 * INTERVAL_S * 1000);
  const cost = () => pids().reduce((sum, pid) => sum + cpuMs(pid), 0);
  const [before, began] = [cost(), performance.now()];
  await sleep(WATCH_MS);
  const cpuPercent = ((cost() - before) / (performance.now() - began)) * 100;
  const memoryMb = pids().reduce((sum, pid) => sum + statusMb(pid, 'VmRSS'), 0);

  const closed = new Map<string, number>();
  const detectedMs: number[] = [];
  const look = (): void => {
    const now = serving();
    for (const [address, atMs] of closed)
      if (!now.has(hexOf(address))) {
        detectedMs.push(performance.now() - atMs);
        closed.delete(address);
      }
  };
  const timer = setInterval(look, LOOK_MS);
  for (const address of ADDRESSES.filter((_, i) => i % Math.floor(ADDRESSES.length / TRIALS) === 0).slice(
    0,
    TRIALS,
  )) {
    closed.set(address, performance.now());
    close(address);
    await sleep(APART_MS);
  }
  await until('the last member to be found out', () => closed.size === 0, 10 * LONGEST_MS);
  clearInterval(timer);
  return { cpuPercent, memoryMb, detectedMs };
}

async function withMembers<T>(run: (close: (address: string) => void) => Promise<T>): Promise<T> {
  const members = start(
    [
      process.execPath,
      join(import.meta.dirname, 'health/closing-members.ts'),
      String(MEMBER_PORT),
      ...ADDRESSES,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let isReady = false;
  members.stdout!.once('data', () => {
    isReady = true;
  });
  await until('the members to listen', () => isReady, START_MS);
  try {
    return await run((address) => void members.stdin!.write(`${address}\n`));
  } finally {
    await stop(members);
    clearKernel();
  }
}

function byKeepalived(): Promise<Figures> {
  return withMembers(async (close) => {
    const path = join(folder, 'keepalived.conf');
    writeFileSync(path, keepalivedConfig());
    const files = [join(folder, 'parent.pid'), join(folder, 'checkers.pid')] as const;
    const argv = ['keepalived', '--dont-fork', '--check', '-f', path, '-p', files[0], '-c', files[1]];
    const child = start(argv, { stdio: 'ignore' });
    try {
      return await measure(() => files.map((file) => readFileSync(file, 'utf8').trim()), close);
    } finally {
      await stop(child, 'SIGTERM');
    }
  });
}

function byUs(): Promise<Figures> {
  return withMembers(async (close) => {
    const path = join(folder, 'lb.yaml');
    writeFileSync(path, ourConfig(folder));
    const child = start([LBCTL, 'daemon', '-c', path], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      return await measure(() => [String(child.pid)], close);
    } finally {
      await stop(child, 'SIGTERM');
    }
  });
}

const theirs = await byKeepalived();
const ours = await byUs();
const both = (of: (figures: Figures) => number) => [of(ours), of(theirs)] as const;
const told = (metric: string, unit: string, of: (figures: Figures) => number): Row => {
  const [we, they] = both(of);
  return row(metric, we, unit, '', they);
};
writeFileSync(
  join(process.env.GUEST_SHARE ?? folder, 'health-beside.json'),
  JSON.stringify({
    name: 'health-beside',
    conditions: {
      ...machine(),
      members: ADDRESSES.length,
      interval: `${INTERVAL_S} s`,
      trials: TRIALS,
      peer: 'keepalived',
      guest: 'qemu, emulated',
    },
    rows: [
      told('processor time while all is well', '% of a core', (one) => one.cpuPercent),
      told('resident memory', 'MB', (one) => one.memoryMb),
      told('a member that refuses is out: shortest', 'ms', ({ detectedMs }) => Math.min(...detectedMs)),
      told('  median', 'ms', ({ detectedMs }) => median(detectedMs)),
      told('  9 of 10 within', 'ms', ({ detectedMs }) => quantile(detectedMs, 0.9)),
      told('  longest', 'ms', ({ detectedMs }) => Math.max(...detectedMs)),
    ],
  }),
);

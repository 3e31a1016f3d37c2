// Connection sync: how long a joining node needs for 100,000 flows, whether it has them all, and what 10,000 new connections
// a second cost each side. Two processes with real tables of the XDP program and real TLS between them.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCa } from '../test/root/haproxy-certificates.ts';
import { machine, publish, row } from './report.ts';

const FLOWS = 100_000;
const PER_SECOND = 10_000;
const SECONDS = 25;
/** The first connections end after five seconds and are forgotten after ten: from then on all is as it stays. */
const WARM_SECONDS = 12;
const PORTS = [17_891, 17_892] as const;

interface Usage {
  readonly totalMs: number;
  readonly trafficMs: number;
}

class Node {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, own: number, peer: number, folder: string) {
    const script = join(import.meta.dirname, 'ha-sync-node.ts');
    const argv = [...process.execArgv, script, name, String(own), String(peer), folder];
    this.#child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('a node of the benchmark ended');
    return JSON.parse(value) as T;
  }

  ask<T>(...call: readonly (string | number)[]): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(call)}\n`);
    return this.next<T>();
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bench-sync-'));
const ca = new TestCa(folder);
for (const name of ['lb-a', 'lb-b']) ca.issue(name);
const a = new Node('lb-a', PORTS[0], PORTS[1], folder);
const b = new Node('lb-b', PORTS[1], PORTS[0], folder);
try {
  for (const node of [a, b]) await node.next();
  await a.ask('establish', FLOWS);
  await a.ask('start');
  const joinedMs = performance.now();
  await b.ask('start');
  for (let i = 0; i < 600 && !(await b.ask<{ synced: boolean }>('status')).synced; i++) await sleep(20);
  const pullMs = performance.now() - joinedMs;
  const arrived = await b.ask<number>('count', FLOWS);
  // What looking through all flows costs although nothing is new.
  const still = await usageOver(5, async () => sleep(5000));

  const running = a.ask('churn', PER_SECOND, SECONDS, FLOWS);
  await sleep(WARM_SECONDS * 1000);
  const began = await b.ask<Usage>('usage');
  await running;
  const ended = await b.ask<Usage>('usage');
  const receiver = ((ended.totalMs - began.totalMs) / ((SECONDS - WARM_SECONDS) * 1000)) * 100;
  const sender = await senderShare();
  const status = await a.ask<{ backlog: number; lookMs: number }>('status');
  const ok = publish({
    name: 'ha-sync',
    conditions: { ...machine(), flows: FLOWS, 'new connections a second': PER_SECOND, 'told after': '3 s' },
    rows: [
      row('full pull at join', pullMs, 'ms', ''),
      row('flows that arrived', (arrived / FLOWS) * 100, '%', '>= 99.9'),
      row('sender, nothing new, of a core', still, '%', ''),
      row('sender at 10,000 new a second, of a core', sender, '%', '<= 15'),
      row('receiver at 10,000 new a second, of a core', receiver, '%', '<= 15'),
      row('a look through all flows, at the end', status.lookMs, 'ms', ''),
      row('changes that waited at the end', status.backlog, '', ''),
    ],
  });
  process.exitCode = ok ? 0 : 1;
} finally {
  for (const node of [a, b]) node.close();
  rmSync(folder, { recursive: true });
}

/** The sender cannot be asked while it makes traffic: another run of the same length, measured from both ends. */
async function senderShare(): Promise<number> {
  const before = await a.ask<Usage>('usage');
  await a.ask('churn', PER_SECOND, WARM_SECONDS, FLOWS + PER_SECOND * SECONDS);
  const after = await a.ask<Usage>('usage');
  const ownMs = after.totalMs - before.totalMs - (after.trafficMs - before.trafficMs);
  return (ownMs / (WARM_SECONDS * 1000)) * 100;
}

async function usageOver(seconds: number, run: () => Promise<unknown>): Promise<number> {
  const before = await a.ask<Usage>('usage');
  await run();
  const after = await a.ask<Usage>('usage');
  return ((after.totalMs - before.totalMs) / (seconds * 1000)) * 100;
}

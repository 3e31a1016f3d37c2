// The guest's part of the IPVS benchmark: measures, and writes its report where the host finds it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpvsDriver } from '../src/drivers/ipvs/ipvs-driver.ts';
import { FileJournal } from '../src/kernel/journal.ts';
import { IpvsKernel } from '../src/kernel/netlink/ipvs-kernel.ts';
import { NftProcess } from '../src/kernel/nft-process.ts';
import { Registry } from '../src/kernel/registry.ts';
import { SysctlFiles } from '../src/kernel/sysctl-files.ts';
import type { World, WorldListener, WorldMember } from '../src/model/world.ts';
import { orderSteps } from '../src/plan/order.ts';
import { machine, median, type Row, row } from './report.ts';

const SIZE = Number(process.argv[2] ?? 10_000);
const MEMBERS = [1, 2, 3];
const folder = mkdtempSync(join(tmpdir(), 'ipvs-bench-'));
const driver = new IpvsDriver({
  ipvs: new IpvsKernel(),
  nft: new NftProcess(),
  sysctl: new SysctlFiles(),
  registry: new Registry(new FileJournal(join(folder, 'record')), 'bench'),
});

function pair(index: number): string {
  return `${index >> 8}.${index & 255}`;
}

function toMember(index: number, which: number, weight: number): WorldMember {
  const address = `10.${which}.${pair(index)}`;
  return {
    key: `${address}:8080`,
    name: address,
    address,
    port: 8080,
    weight,
    effectiveWeight: weight,
    present: true,
    resetFlows: false,
    maxConnections: 0,
    minConnections: 0,
    reason: 'InService',
  };
}

function toListener(index: number): WorldListener {
  const address = `10.200.${pair(index)}`;
  return {
    key: `tcp/${address}:80`,
    name: `app${index}`,
    pool: `app${index}`,
    protocol: 'tcp',
    transport: 'tcp',
    address,
    portFrom: 80,
    portTo: 80,
    family: 4,
    engine: 'ipvs',
    engineReason: 'asked for',
    mode: 'nat',
    tunnel: { type: 'ipip', port: 0, checksum: 'none' },
    scheduler: 'wrr',
    schedulerFlags: [],
    members: MEMBERS.map((which) => toMember(index, which, 1)),
    onFailure: 'keep',
    drainMs: 0,
    sourceAddresses: [],
    allowedSources: [],
    limits: { connections: 0, connectionsPerSecond: 0, perSourcePerSecond: 0 },
    adopt: false,
  };
}

function worldOf(listeners: readonly WorldListener[]): World {
  return { addresses: [], listeners, certificates: [], unplaced: [] };
}

/** Desired, observed, planned, ordered, applied: everything between a decision and the kernel. */
async function round(world: World): Promise<{ steps: number; tookMs: number; failed: number }> {
  const started = performance.now();
  const desired = driver.desired(world);
  const steps = orderSteps(driver.plan(desired, await driver.observe()).steps);
  let failed = 0;
  for (const phase of new Set(steps.map((step) => step.phase))) {
    const results = await driver.apply(steps.filter((step) => step.phase === phase));
    failed += results.filter((result) => !result.ok).length;
  }
  return { steps: steps.length, tookMs: performance.now() - started, failed };
}

function ipvsadm(args: readonly string[], input?: string): number {
  const started = performance.now();
  const stdin = input === undefined ? ('ignore' as const) : openSync(input, 'r');
  const { status } = spawnSync('ipvsadm', [...args], { stdio: [stdin, 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`Cannot run ipvsadm ${args.join(' ')}: it ended with ${status}`);
  return performance.now() - started;
}

const rules = Array.from({ length: SIZE }, (_, index) => {
  const service = `10.200.${pair(index)}:80`;
  const members = MEMBERS.map((which) => `-a -t ${service} -r 10.${which}.${pair(index)}:8080 -m -w 1`);
  return [`-A -t ${service} -s wrr`, ...members].join('\n');
});
const rulesFile = join(folder, 'rules');
writeFileSync(rulesFile, `${rules.join('\n')}\n`);

const listeners = Array.from({ length: SIZE }, (_, index) => toListener(index));
const world = worldOf(listeners);
ipvsadm(['-C']);
const theirs = ipvsadm(['-R'], rulesFile);
ipvsadm(['-C']);
const apply = await round(world);
const idle: number[] = [];
for (let i = 0; i < 5; i++) {
  const { steps, tookMs } = await round(world);
  if (steps !== 0) throw new Error(`Cannot measure the empty plan as it has ${steps} steps`);
  idle.push(tookMs);
}
const changes: number[] = [];
const middle = listeners[SIZE >> 1]!;
const observed = await driver.observe();
for (let weight = 2; weight < 42; weight++) {
  const members = middle.members.map((member, at) => (at === 1 ? toMember(SIZE >> 1, 2, weight) : member));
  const changed = worldOf(listeners.map((one) => (one === middle ? { ...middle, members } : one)));
  const { steps } = driver.plan(driver.desired(changed), observed);
  if (steps.length !== 1) throw new Error(`Cannot measure one change as the plan has ${steps.length} steps`);
  const started = performance.now();
  const [result] = await driver.apply(steps);
  if (!result?.ok) throw new Error('Cannot measure a change that failed');
  changes.push(performance.now() - started);
}
const rows: Row[] = [
  row('apply from empty', apply.tookMs, 'ms', `<= ${Math.ceil(theirs)}`, theirs),
  row('empty plan', median(idle), 'ms', `< ${(apply.tookMs / 10).toFixed(1)}`, apply.tookMs),
  row('one weight change', median(changes), 'ms', '< 5', apply.tookMs),
  row('apply over one change', apply.tookMs / median(changes), 'times', '>= 100'),
  row('failed steps', apply.failed, 'steps', '<= 0'),
];
const conditions = { ...machine(), services: SIZE, members: MEMBERS.length, guest: 'qemu, emulated' };
writeFileSync(
  join(process.env.GUEST_SHARE ?? folder, 'ipvs.json'),
  JSON.stringify({ name: 'ipvs', conditions, rows }),
);
await round(worldOf([]));
await driver.close();

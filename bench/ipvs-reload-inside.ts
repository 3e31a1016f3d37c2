// The guest's part of the reload benchmark: the same 1,000 services by keepalived and by us, each as a running daemon sees it,
// from the changed file to the changed weight in the kernel.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mustSync, start, stop } from '../lab/process.ts';
import { openSource } from '../src/app/daemon/config/open-source.ts';
import { assumedFacts } from '../src/plan/assumed-facts.ts';
import { orderSteps } from '../src/plan/order.ts';
import { resolve } from '../src/plan/resolve.ts';
import { Balancer } from '../test/vm/guest/balancer.ts';
import { machine, median, row } from './report.ts';

const SERVICES = 1000;
const MEMBERS = ['10.0.0.11', '10.0.0.12', '10.0.0.13'];
/** The first reloads of a process are slower, ours and theirs: all count, the middle one is told. */
const RELOADS = 7;
const LIMIT_MS = 180_000;
const VIP = '10.2.0.100';
const FIRST_PORT = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'ipvs-reload-'));

function weightOf(service: number, member: number, changing: number): number {
  return service === 0 && member === 0 ? changing : 10;
}

function keepalivedConfig(changing: number): string {
  const servers = (service: number) =>
    MEMBERS.map((address, i) => `  real_server ${address} 80 { weight ${weightOf(service, i, changing)} }\n`);
  return Array.from(
    { length: SERVICES },
    (_, i) =>
      `virtual_server ${VIP} ${FIRST_PORT + i} {\n  lvs_sched wrr\n  lvs_method NAT\n  protocol TCP\n${servers(i).join('')}}\n`,
  ).join('');
}

function ourConfig(changing: number): string {
  const members = (service: number) =>
    MEMBERS.map(
      (address, i) => `{ address: ${address}, port: 80, weight: ${weightOf(service, i, changing)} }`,
    );
  const listeners = Array.from(
    { length: SERVICES },
    (_, i) =>
      `  - { name: s${i}, vip: ${VIP}, port: ${FIRST_PORT + i}, scheduler: wrr, members: [${members(i).join(', ')}] }\n`,
  );
  return `version: 1\nnode: { name: lb, role: single }\nnetwork: { frontend: { interface: lo } }\nengine: ipvs\nmode: nat\nlisteners:\n${listeners.join('')}`;
}

function firstWeight(): number {
  const text = mustSync(['ipvsadm', '-L', '-n', '-t', `${VIP}:${FIRST_PORT}`]);
  return Number(/10\.0\.0\.11:80 +Masq +(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

function rowCount(): number {
  return mustSync(['ipvsadm', '-S', '-n'])
    .split('\n')
    .filter((line) => line.startsWith('-')).length;
}

async function until(done: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!done()) {
    if (performance.now() > limit) throw new Error('Cannot measure as a reload did not get done in time');
    await wait(2);
  }
}

async function byKeepalived(): Promise<number> {
  const path = join(folder, 'keepalived.conf');
  writeFileSync(path, keepalivedConfig(10));
  const pids = ['-p', join(folder, 'parent.pid'), '-c', join(folder, 'checkers.pid')];
  const child = start(['keepalived', '--dont-fork', '--check', '-f', path, ...pids], { stdio: 'ignore' });
  await until(() => rowCount() === SERVICES * (MEMBERS.length + 1));
  const took: number[] = [];
  for (let i = 0; i < RELOADS; i++) {
    writeFileSync(path, keepalivedConfig(20 + i));
    const started = performance.now();
    child.kill('SIGHUP');
    await until(() => firstWeight() === 20 + i);
    took.push(performance.now() - started);
  }
  await stop(child, 'SIGTERM');
  return median(took);
}

interface Parts {
  readonly loadMs: number;
  readonly decideMs: number;
  readonly observeMs: number;
  readonly applyMs: number;
  /** From the changed file to the changed weight, looking included. */
  readonly wholeMs: number;
}

async function byUs(): Promise<readonly Parts[]> {
  const path = join(folder, 'config.yaml');
  const balancer = new Balancer();
  const { driver } = balancer;
  const source = openSource(path, 'needed');
  const reload = async (weight: number): Promise<Parts> => {
    writeFileSync(path, ourConfig(weight));
    const started = performance.now();
    const { intent, diagnostics } = source.load((await source.read()).files, []);
    if (intent === undefined) throw new Error(`Cannot load: ${JSON.stringify(diagnostics[0])}`);
    const loaded = performance.now();
    const desired = driver.desired(resolve(intent, assumedFacts(intent, 0), { engine: 'ipvs' }));
    const wanted = performance.now();
    const observed = await driver.observe();
    const seen = performance.now();
    const steps = orderSteps(driver.plan(desired, observed).steps);
    const decided = performance.now();
    for (const phase of new Set(steps.map((step) => step.phase)))
      for (const result of await driver.apply(steps.filter((step) => step.phase === phase)))
        if (!result.ok) throw result.error;
    const applied = performance.now();
    // Looking costs the same on both sides.
    await until(() => firstWeight() === weight);
    return {
      loadMs: loaded - started,
      decideMs: wanted - loaded + (decided - seen),
      observeMs: seen - wanted,
      applyMs: applied - decided,
      wholeMs: performance.now() - started,
    };
  };
  await reload(10);
  const took: Parts[] = [];
  for (let i = 0; i < RELOADS; i++) took.push(await reload(20 + i));
  await balancer.close();
  return took;
}

const theirs = await byKeepalived();
const ours = await byUs();
const middle = (part: keyof Parts) => median(ours.map((parts) => parts[part]));
writeFileSync(
  join(process.env.GUEST_SHARE ?? folder, 'ipvs-reload.json'),
  JSON.stringify({
    name: 'ipvs-reload',
    conditions: { ...machine(), services: SERVICES, members: MEMBERS.length, guest: 'qemu, emulated' },
    rows: [
      row(
        'from the changed file to the changed weight',
        middle('wholeMs'),
        'ms',
        `<= ${Math.ceil(theirs)}`,
        theirs,
      ),
      row('  of that: load and check the file', middle('loadMs'), 'ms'),
      row('  of that: read the kernel', middle('observeMs'), 'ms'),
      row('  of that: decide', middle('decideMs'), 'ms'),
      row('  of that: apply', middle('applyMs'), 'ms'),
    ],
  }),
);

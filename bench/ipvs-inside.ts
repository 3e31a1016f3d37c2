// The measuring part of the IPVS benchmark; runs inside the guest, where the kernel has IPVS.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mustSync, start, stop } from '../lab/process.ts';
import type { World } from '../src/model/world.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { buildMember } from '../test/fixtures/build-intent.ts';
import { Balancer, clearKernel, worldOf } from '../test/vm/guest/balancer.ts';
import { machine, median, type Row, row } from './report.ts';

const SERVICES = 10_000;
const RELOADED = 1000;
const NO_OPS = 5;
const CHANGES = 21;
const MEMBERS = ['10.0.0.11', '10.0.0.12', '10.0.0.13'];
/** Targets of issue 3. */
const NO_OP_SHARE = 0.1;
const WEIGHT_MS = 5;

function worldOfSize(services: number, firstWeight: number): World {
  const members = MEMBERS.map((address) => buildMember(address, { port: 80, weight: 10 }));
  const changed = [buildMember(MEMBERS[0]!, { port: 80, weight: firstWeight }), ...members.slice(1)];
  return worldOf(
    Array.from({ length: services }, (_, index) => ({
      port: 10_000 + index,
      family: 4 as const,
      members: index === 0 ? changed : members,
      listener: { scheduler: 'wrr' as const },
    })),
  );
}

/** One round of the engine without its waiting: observe, compare, order, apply. */
async function reconcile(balancer: Balancer, world: World) {
  const started = performance.now();
  const desired = balancer.driver.desired(world);
  const observed = await balancer.driver.observe();
  const plan = makePlan([{ desired, observed, plan: balancer.driver.plan(desired, observed) }]);
  const decided = performance.now();
  for (const phase of new Set(plan.steps.map((step) => step.phase)))
    for (const result of await balancer.driver.apply(plan.steps.filter((step) => step.phase === phase)))
      if (!result.ok) throw result.error;
  const done = performance.now();
  return { steps: plan.steps.length, wholeMs: done - started, applyMs: done - decided };
}

async function repeat(times: number, steps: number, once: (turn: number) => ReturnType<typeof reconcile>) {
  const rounds: Awaited<ReturnType<typeof reconcile>>[] = [];
  for (let turn = 0; turn < times; turn++) {
    const round = await once(turn);
    if (round.steps !== steps)
      throw new Error(`Cannot compare as a round took ${round.steps} steps, not ${steps}`);
    rounds.push(round);
  }
  return rounds;
}

function rows(): number {
  return mustSync(['ipvsadm', '-S', '-n'], { timeoutMs: 600_000 })
    .split('\n')
    .filter((line) => line.startsWith('-')).length;
}

async function againstIpvsadm(): Promise<Row[]> {
  const balancer = new Balancer();
  const full = await reconcile(balancer, worldOfSize(SERVICES, 10));
  const rules = mustSync(['ipvsadm', '-S', '-n'], { timeoutMs: 600_000 });
  const count = rows();
  if (count !== SERVICES * (MEMBERS.length + 1))
    throw new Error(`Cannot compare as only ${count} rows exist`);
  const noOps = await repeat(NO_OPS, 0, () => reconcile(balancer, worldOfSize(SERVICES, 10)));
  const weights = await repeat(CHANGES, 1, (turn) => reconcile(balancer, worldOfSize(SERVICES, 20 + turn)));
  const noOpMs = median(noOps.map((round) => round.wholeMs));
  const applyMs = weights.map((round) => round.applyMs);
  await balancer.close();
  const started = performance.now();
  mustSync(['ipvsadm', '-R'], { input: rules, timeoutMs: 600_000 });
  const peerMs = performance.now() - started;
  clearKernel();
  return [
    row(
      'apply 10,000 services x 3 members from empty',
      full.wholeMs,
      'ms',
      `<= ${Math.round(peerMs)}`,
      peerMs,
    ),
    row(
      'no-op reconcile at that size',
      noOpMs,
      'ms',
      `< ${Math.round(full.wholeMs * NO_OP_SHARE)}`,
      full.wholeMs,
    ),
    row(
      'one weight at that size, decision to acknowledgement, median',
      median(applyMs),
      'ms',
      `< ${WEIGHT_MS}`,
      full.applyMs,
    ),
    row('the slowest of them, the first with cold code included', Math.max(...applyMs), 'ms'),
    row('one weight at that size, whole round, median', median(weights.map((round) => round.wholeMs)), 'ms'),
  ];
}

function keepalivedConfig(firstWeight: number): string {
  const servers = (weight: number) =>
    MEMBERS.map((address, i) => `  real_server ${address} 80 { weight ${i === 0 ? weight : 10} }\n`).join('');
  return Array.from(
    { length: RELOADED },
    (_, index) =>
      `virtual_server 10.2.0.100 ${10_000 + index} {\n  lvs_sched wrr\n  lvs_method NAT\n  protocol TCP\n${servers(index === 0 ? firstWeight : 10)}}\n`,
  ).join('');
}

function firstWeight(): string | undefined {
  const text = mustSync(['ipvsadm', '-L', '-n', '-t', '10.2.0.100:10000']);
  return /10\.0\.0\.11:80 +Masq +(\d+)/.exec(text)?.[1];
}

/** Until the change is in the kernel, looked at often: what looking costs is taken off both sides alike. */
async function until(done: () => boolean, limitMs: number): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < limitMs) {
    if (done()) return performance.now() - started;
    await wait(5);
  }
  throw new Error('Cannot measure keepalived as it did not get done in time');
}

async function againstKeepalived(): Promise<Row[]> {
  const path = '/tmp/bench-keepalived.conf';
  writeFileSync(path, keepalivedConfig(10));
  const pids = ['-p', '/tmp/bench-parent.pid', '-c', '/tmp/bench-checkers.pid'];
  const child = start(['keepalived', '--dont-fork', '--check', '-f', path, ...pids], { stdio: 'ignore' });
  await until(() => rows() === RELOADED * (MEMBERS.length + 1), 120_000);
  writeFileSync(path, keepalivedConfig(20));
  const begun = performance.now();
  child.kill('SIGHUP');
  await until(() => firstWeight() === '20', 120_000);
  const peerMs = performance.now() - begun;
  await stop(child, 'SIGTERM');

  const balancer = new Balancer();
  await reconcile(balancer, worldOfSize(RELOADED, 10));
  const started = performance.now();
  await reconcile(balancer, worldOfSize(RELOADED, 20));
  if (firstWeight() !== '20') throw new Error('Cannot compare as our reload changed nothing');
  const oursMs = performance.now() - started;
  await balancer.close();
  return [
    row('reload 1,000 services with one weight changed', oursMs, 'ms', `<= ${Math.round(peerMs)}`, peerMs),
  ];
}

const report = {
  name: 'ipvs',
  conditions: {
    ...machine(),
    where: 'guest, translated processor (TCG), 2 processors',
    peers: `${mustSync(['ipvsadm', '-v']).split('(')[0]!.trim()}; keepalived`,
  },
  rows: [...(await againstIpvsadm()), ...(await againstKeepalived())],
};
writeFileSync(join(process.env.GUEST_SHARE!, 'ipvs.json'), JSON.stringify(report));

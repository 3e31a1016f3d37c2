// The measuring part of the IPVS benchmark; runs inside the guest, where the kernel has IPVS.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustSync } from '../lab/process.ts';
import type { World } from '../src/model/world.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { buildMember } from '../test/fixtures/build-intent.ts';
import { Balancer, clearKernel, worldOf } from '../test/vm/guest/balancer.ts';
import { machine, median, type Row, row } from './report.ts';

const SERVICES = 10_000;
const NO_OPS = 9;
const CHANGES = 21;
const MEMBERS = ['10.0.0.11', '10.0.0.12', '10.0.0.13'];
/** Targets of issue 3. */
const NO_OP_SHARE = 0.1;
const WEIGHT_MS = 5;

function worldOfSize(services: number): World {
  const members = MEMBERS.map((address) => buildMember(address, { port: 80, weight: 10 }));
  return worldOf(
    Array.from({ length: services }, (_, index) => ({
      port: 10_000 + index,
      family: 4 as const,
      members,
      listener: { scheduler: 'wrr' as const },
    })),
  );
}

/** As the engine's resolver does it: every listener that has not changed is the very same value. */
function withFirstWeight(world: World, weight: number): World {
  const [first, ...others] = world.listeners;
  const [member, ...rest] = first!.members;
  const changed = { ...first!, members: [{ ...member!, weight, effectiveWeight: weight }, ...rest] };
  return { ...world, listeners: [changed, ...others] };
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
  const world = worldOfSize(SERVICES);
  const full = await reconcile(balancer, world);
  const rules = mustSync(['ipvsadm', '-S', '-n'], { timeoutMs: 600_000 });
  const count = rows();
  if (count !== SERVICES * (MEMBERS.length + 1))
    throw new Error(`Cannot compare as only ${count} rows exist`);
  const noOps = await repeat(NO_OPS, 0, () => reconcile(balancer, world));
  const weights = await repeat(CHANGES, 1, (turn) => reconcile(balancer, withFirstWeight(world, 20 + turn)));
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

const report = {
  name: 'ipvs',
  conditions: {
    ...machine(),
    where: 'guest, translated processor (TCG), 2 processors',
    peer: mustSync(['ipvsadm', '-v']).split('(')[0]!.trim(),
  },
  rows: await againstIpvsadm(),
};
writeFileSync(join(process.env.GUEST_SHARE!, 'ipvs.json'), JSON.stringify(report));

// Ten thousand listeners: cold, then one member changed; bytes a flow; the verifier's walk.
import { readFileSync } from 'node:fs';
import type { XdpDriver } from '../../src/drivers/xdp/xdp-driver.ts';
import type { World } from '../../src/model/world.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { orderSteps } from '../../src/plan/order.ts';
import { resolve } from '../../src/plan/resolve.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../test/fixtures/build-intent.ts';
import { median, type Row, row } from '../report.ts';
import { openTables } from './tables-only.ts';

const LISTENERS = 10_000;
const CHANGES = 21;
const MAX_FLOWS = 1_048_576;

export async function scaleRows(): Promise<readonly Row[]> {
  const started = performance.now();
  const { driver, object, close } = openTables({
    maxListeners: 20_000,
    maxMembers: 65_535,
    maxFlows: MAX_FLOWS,
  });
  const loadMs = performance.now() - started;
  const first = worldOf(0);
  const used = process.cpuUsage();
  const coldMs = await timed(() => applied(driver, first));
  const { user, system } = process.cpuUsage(used);
  const changes: number[] = [];
  for (let n = 1; n <= CHANGES; n++) {
    const next = changed(first, n);
    const desired = driver.desired(next);
    const { steps } = driver.plan(desired, await driver.observe());
    // The plan is the engine's cost (bench/plan.ts); here: from a step to the slot in the kernel.
    changes.push(await timed(() => driver.apply(steps)));
  }
  const observes: number[] = [];
  for (let n = 0; n < CHANGES; n++) observes.push(await timed(() => driver.observe()));
  const flowBytes = memoryOf(object.map('flows4').fd) / MAX_FLOWS;
  const walked = [...object.walked.values()];
  await close();
  return [
    row('scale: 10,000 listeners x 3 members, cold', coldMs / 1000, 's', '< 2'),
    row('scale: the same, processor time of all threads', (user + system) / 1e6, 's'),
    row('scale: one member changed among 10,000 listeners', median(changes), 'ms', '< 5'),
    row('scale: observing 10,000 listeners', median(observes), 'ms'),
    row('scale: memory a flow, IPv4', flowBytes, 'bytes', '<= 90'),
    row('scale: instructions walked, largest program', Math.max(...walked), 'insns', '<= 150000'),
    row('scale: load of all programs and tables', loadMs / 1000, 's', '<= 0.5'),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function applied(driver: XdpDriver, world: World): Promise<void> {
  const desired = driver.desired(world);
  const { steps } = driver.plan(desired, await driver.observe());
  const ordered = orderSteps(steps);
  for (const phase of new Set(ordered.map((step) => step.phase)))
    for (const result of await driver.apply(ordered.filter((step) => step.phase === phase)))
      if (!result.ok) throw result.error;
}

function worldOf(weight: number): World {
  const members = (i: number) =>
    [1, 2, 3].map((m) =>
      buildMember(`10.${m}.${Math.floor(i / 250)}.${1 + (i % 250)}`, {
        weight: i === 0 && m === 1 ? 10 + weight : 10,
      }),
    );
  const intent = buildIntent({
    vips: Array.from({ length: 10 }, (_, v) => buildVip(`v${v}`, `198.18.0.${v + 1}`, { manage: false })),
    listeners: Array.from({ length: LISTENERS }, (_, i) =>
      buildListener(`l${i}`, `v${Math.floor(i / 1000)}`, 1024 + (i % 1000), {
        mode: 'tunnel',
        scheduler: 'mh',
        engine: 'xdp',
      }),
    ),
    pools: Array.from({ length: LISTENERS }, (_, i) => buildPool(`l${i}`, members(i))),
  });
  return resolve(intent, assumedFacts(intent, 0), { engine: 'xdp' });
}

/** The same World but for one weight. */
function changed(world: World, n: number): World {
  const [head, ...rest] = world.listeners;
  const [member, ...others] = head!.members;
  return {
    ...world,
    listeners: [{ ...head!, members: [{ ...member!, effectiveWeight: 10 + n }, ...others] }, ...rest],
  };
}

/** What the kernel accounts to a table. */
function memoryOf(fd: number): number {
  return Number(/memlock:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0);
}

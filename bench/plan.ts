// From Intent to an empty or one-step plan: 10,000 listeners of 3 members, and how the cost grows.
import { spawnSync } from 'node:child_process';
import { MemoryDriver } from '../src/drivers/memory/memory-driver.ts';
import type { Facts } from '../src/model/facts.ts';
import type { Intent } from '../src/model/intent.ts';
import { EMPTY_OBSERVED, type ItemMap, itemMap, type Observed } from '../src/model/item.ts';
import type { Plan } from '../src/model/plan.ts';
import { assumedFacts } from '../src/plan/assumed-facts.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { createResolver, type Resolver } from '../src/plan/resolve.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
  withPool,
} from '../test/fixtures/build-intent.ts';
import { exponent, machine, median, publish, row } from './report.ts';

const SIZE = 10_000;
const MEMBERS = 3;
const RUNS = 7;
const LIFE = '--one-life';
const SIZES = [1000, 2000, 5000, 10_000, 20_000, 50_000];

/** Listeners over as many VIPs as it takes to give each port of a VIP to one of them. */
function manyListeners(count: number): Intent {
  const perVip = 1000;
  const vips = Array.from({ length: Math.ceil(count / perVip) }, (_, i) =>
    buildVip(`vip${i}`, `198.18.${Math.floor(i / 250)}.${1 + (i % 250)}`),
  );
  const listeners = [];
  const pools = [];
  for (let i = 0; i < count; i++) {
    const name = `app${i}`;
    listeners.push(buildListener(name, `vip${Math.floor(i / perVip)}`, 1024 + (i % perVip)));
    const members = Array.from({ length: MEMBERS }, (_, m) =>
      buildMember(`10.${m}.${Math.floor(i / 250)}.${1 + (i % 250)}`, { port: 8080, weight: 10 }),
    );
    pools.push(buildPool(name, members, { checks: [TCP_CHECK] }));
  }
  return buildIntent({ vips, listeners, pools });
}

interface Setup {
  readonly intent: Intent;
  readonly facts: Facts;
  readonly observed: Observed;
}

/** Observed as a kernel shows it: equal values in objects of its own, so that nothing compares by identity. */
function setUp(count: number): Setup {
  const intent = manyListeners(count);
  const facts = assumedFacts(intent, 0);
  const desired = new MemoryDriver().desired(createResolver().resolve(intent, facts));
  return { intent, facts, observed: { ...EMPTY_OBSERVED, items: copy(desired) } };
}

function copy(items: ItemMap): ItemMap {
  return itemMap([...items.values()].map((one) => ({ ...one, fields: { ...one.fields } })));
}

function planOnce(resolver: Resolver, driver: MemoryDriver, setup: Setup): Plan {
  const desired = driver.desired(resolver.resolve(setup.intent, setup.facts));
  const plan = driver.plan(desired, setup.observed);
  return makePlan([{ desired, observed: setup.observed, plan }]);
}

/** Nothing remembered: what a first round or a whole reload costs. */
function coldMs(setup: Setup): number {
  const fresh = { ...setup, intent: reload(setup.intent) };
  // What the run before left behind is not this one's cost.
  globalThis.gc?.();
  const start = performance.now();
  const plan = planOnce(createResolver(), new MemoryDriver(), fresh);
  const took = performance.now() - start;
  if (plan.steps.length !== 0)
    throw new Error(`Cannot measure as the plan must be empty: ${plan.steps.length} steps`);
  return took;
}

/** Every object anew, as a reload of the files gives them. */
function reload(intent: Intent): Intent {
  const again = <T extends object>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([name, one]) => [name, { ...one }]));
  return {
    ...intent,
    vips: again(intent.vips),
    listeners: again(intent.listeners),
    pools: again(intent.pools),
  };
}

/** A running engine in which one member of one pool changes. */
function oneChangeMs(setup: Setup): readonly number[] {
  const resolver = createResolver();
  const driver = new MemoryDriver();
  planOnce(resolver, driver, setup);
  return Array.from({ length: RUNS }, (_, i) => {
    const pool = setup.intent.pools.get(`app${i * 13}`)!;
    const [first, ...rest] = pool.members;
    const changed = { ...pool, members: [{ ...first!, weight: 20 + i }, ...rest] };
    const next = { ...setup, intent: withPool(setup.intent, changed) };
    const start = performance.now();
    const plan = planOnce(resolver, driver, next);
    const took = performance.now() - start;
    if (plan.steps.length !== 1)
      throw new Error(`Cannot measure as one step is due: ${plan.steps.length} steps`);
    return took;
  });
}

/** A running engine in which the health of one member changes. */
function oneFactMs(setup: Setup): readonly number[] {
  const resolver = createResolver();
  const driver = new MemoryDriver();
  planOnce(resolver, driver, setup);
  return Array.from({ length: RUNS }, (_, i) => {
    const health = new Map(setup.facts.health);
    const key = [...health.keys()][i * 31]!;
    health.set(key, { state: 'down', factor: 1, ramp: 1, sinceMs: i });
    const next = { ...setup, facts: { ...setup.facts, health } };
    const start = performance.now();
    const plan = planOnce(resolver, driver, next);
    const took = performance.now() - start;
    if (plan.steps.length !== 1)
      throw new Error(`Cannot measure as one step is due: ${plan.steps.length} steps`);
    return took;
  });
}

/** The first run pays for compiling and is left out. */
function runs(measure: () => number): readonly number[] {
  measure();
  return Array.from({ length: RUNS }, measure);
}

/** What the work costs. On a shared machine every other run also pays for its neighbours; the median is told beside it. */
function best(times: readonly number[]): number {
  return Math.min(...times);
}

/** One engine's life in a process of its own: a first plan, a reload, changes. The most it ever had resident. */
function memoryOfOneLife(): number {
  const child = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, LIFE], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const megabytes = Number(child.stdout);
  if (child.status !== 0 || !(megabytes > 0)) throw new Error(`Cannot measure memory: ${child.stderr}`);
  return megabytes;
}

function liveOnce(): void {
  const life = setUp(SIZE);
  const resolver = createResolver();
  const driver = new MemoryDriver();
  planOnce(resolver, driver, life);
  planOnce(resolver, driver, { ...life, intent: reload(life.intent) });
  oneChangeMs(life);
  process.stdout.write(`${process.resourceUsage().maxRSS / 1000}`);
}

if (process.argv[2] === LIFE) {
  liveOnce();
  process.exit(0);
}

const setup = setUp(SIZE);
const cold = runs(() => coldMs(setup));
const change = oneChangeMs(setup);
const fact = oneFactMs(setup);
const memory = memoryOfOneLife();
const growth = SIZES.map((size): readonly [number, number] => {
  const sized = setUp(size);
  return [size, best(runs(() => coldMs(sized)))];
});

const ok = publish({
  name: 'plan',
  conditions: { ...machine(), listeners: SIZE, members: MEMBERS, runs: `best of ${RUNS}` },
  rows: [
    row('resolve + desired + diff, identical observed', best(cold), 'ms', '< 150'),
    row('  median', median(cold), 'ms'),
    row('plan for one changed member', best(change), 'ms', '< 50'),
    row('  median', median(change), 'ms'),
    row('plan for one changed health fact', best(fact), 'ms', '< 50'),
    row('  median', median(fact), 'ms'),
    row('resident memory of one engine, at its highest', memory, 'MB', '< 300'),
    row('growth 1,000 to 50,000 listeners', exponent(growth), 'exponent', '< 1.2'),
    ...growth.map(([size, ms]) => row(`  ${size} listeners`, ms, 'ms')),
  ],
});
process.exitCode = ok ? 0 : 1;

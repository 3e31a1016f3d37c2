// A thousand listeners with ten members each: text, difference, and a member changed in the worker that runs all of them.
import { cpuUsage } from 'node:process';
import { behindOf, desiredItems } from '../../src/drivers/haproxy/desired.ts';
import { HaproxyDriver } from '../../src/drivers/haproxy/haproxy-driver.ts';
import { backendName, serverName } from '../../src/drivers/haproxy/names.ts';
import { HaproxyProcess } from '../../src/drivers/haproxy/process.ts';
import { Record } from '../../src/drivers/haproxy/record.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { Store } from '../../src/drivers/haproxy/store.ts';
import { EMPTY_OBSERVED } from '../../src/model/item.ts';
import { processorMicros } from './load.ts';
import { apply, Large, VIP } from './worlds.ts';

/** Of the pure parts the best counts: on a shared machine every other run also pays for its neighbours. */
const RUNS = 9;
const CHANGES = 60;
const BINARY = '/usr/sbin/haproxy';

export interface Written {
  readonly generateMs: readonly number[];
  readonly diffMs: readonly number[];
  readonly firstDiffMs: number;
  readonly bytes: number;
}

export function writeLarge(folder: string): Written {
  const generateMs: number[] = [];
  const diffMs: number[] = [];
  let bytes = 0;
  let firstDiffMs = 0;
  const settings = {
    runDir: folder,
    maxConnections: 4000,
    threads: 1,
    user: 'haproxy',
    group: 'haproxy',
    hardStopAfterMs: 300_000,
  };
  const driver = new HaproxyDriver({ binary: BINARY, runDir: folder, maxConnections: 4000, threads: 1 });
  for (let run = 0; run < RUNS; run++) {
    const large = new Large();
    const world = large.world(1);
    const start = performance.now();
    const items = desiredItems(world, { runDir: folder });
    const record = new Record();
    for (const one of items.values()) {
      const block = behindOf(one)?.block;
      if (block !== undefined) record.blocks.set(one.key, block);
    }
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
    const wanted = driver.desired(large.world(7));
    const from = performance.now();
    const { steps } = driver.plan(wanted, { ...EMPTY_OBSERVED, items: before });
    diffMs.push(performance.now() - from);
    if (steps.length !== 1) throw new Error(`Cannot measure as one step is due: ${steps.length}`);
  }
  return { generateMs, diffMs, bytes, firstDiffMs };
}

export interface Changes {
  /** From the World to the worker's own word; the last whole look is as old as a daemon lets it be. */
  readonly trusting: readonly number[];
  /** Processor time of ours and of the worker in each of them: the rest of it somebody else had the processors. */
  readonly busy: readonly number[];
  /** The same when all of the worker is read first. */
  readonly whole: readonly number[];
}

export async function changeLarge(folder: string): Promise<Changes> {
  const large = new Large();
  const times = { trusting: [] as number[], whole: [] as number[], busy: [] as number[] };
  const process = new HaproxyProcess({ binary: BINARY, runDir: folder });
  const shown = `get weight ${backendName(`tcp/${VIP}:20000`)}/${serverName('10.0.0.0:8000')}`;
  let weight = 1;
  try {
    for (const way of ['whole', 'trusting'] as const) {
      const driver = new HaproxyDriver({
        binary: BINARY,
        runDir: folder,
        maxConnections: 4000,
        threads: 1,
        trustMs: way === 'whole' ? 0 : 60_000,
      });
      await apply(driver, large.world(weight));
      const [pid = 0] = await process.workers();
      for (let i = 0; i < CHANGES; i++) {
        const world = large.world(++weight);
        const before = processorMicros(pid);
        const own = cpuUsage();
        const start = performance.now();
        await apply(driver, world);
        const [said = ''] = await ask(process.admin, [shown]);
        times[way].push(performance.now() - start);
        const { user, system } = cpuUsage(own);
        if (way === 'trusting') times.busy.push((processorMicros(pid) - before + user + system) / 1000);
        if (!said.startsWith(`${weight} `)) throw new Error(`Cannot measure as the weight is ${said}`);
      }
      await driver.close();
    }
    return times;
  } finally {
    await process.stop();
  }
}

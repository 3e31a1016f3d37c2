// A daemon's stand-in for the namespace tests: opens the data plane, applies the Worlds it is told, answers questions.
// One JSON object a line in and out, so that a test can kill it and start another on the same pins.
import { createInterface } from 'node:readline';
import { openXdp, type XdpWishes } from '../../src/drivers/xdp/open-xdp.ts';
import type { World } from '../../src/model/world.ts';
import { orderSteps } from '../../src/plan/order.ts';

export interface AgentOptions extends XdpWishes {
  readonly objectPath: string;
  readonly folder: string;
}

type Ask =
  | { readonly ask: 'apply'; readonly world: World }
  | { readonly ask: 'adjust'; readonly wishes: XdpWishes }
  | { readonly ask: 'counters' | 'reasons' | 'state' | 'sweep' | 'resolve' | 'remove' };

const options = JSON.parse(process.argv[2]!) as AgentOptions;
const { driver, interfaces, notes, adjust } = openXdp(options);

function say(value: unknown): void {
  const text = JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one));
  process.stdout.write(`${text}\n`);
}

async function apply(world: World): Promise<unknown> {
  const desired = driver.desired(world);
  const { steps, conflicts } = driver.plan(desired, await driver.observe());
  const ordered = orderSteps(steps);
  const failures: unknown[] = [];
  for (const phase of new Set(ordered.map((step) => step.phase)))
    for (const result of await driver.apply(ordered.filter((step) => step.phase === phase)))
      if (!result.ok) failures.push(result.error);
  const left = driver
    .plan(desired, await driver.observe())
    .steps.map((step) => ({ id: step.id, changes: step.changes }));
  return { steps: steps.length, failures, conflicts: conflicts.length, left };
}

async function answer(ask: Ask): Promise<unknown> {
  switch (ask.ask) {
    case 'apply':
      return apply(ask.world);
    case 'counters':
      return driver.counters();
    case 'reasons':
      return Object.fromEntries(
        driver.state().reasons.flatMap(({ reason, packets }) => (packets > 0n ? [[reason, packets]] : [])),
      );
    case 'state':
      return driver.state();
    case 'sweep':
      return driver.sweep();
    case 'resolve':
      await driver.observe();
      return true;
    case 'adjust':
      adjust(ask.wishes);
      await driver.observe();
      return driver.state();
    case 'remove':
      await driver.uninstall();
      await driver.close();
      return true;
  }
}

say({ interfaces, notes });
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line) as Ask;
  try {
    say(await answer(ask));
  } catch (error) {
    say({ error: String(error) });
  }
  if (ask.ask === 'remove') process.exit(0);
}

// A link that loses one direction: the standby hears nothing and takes over, the active node learns that it is not heard and leaves.
// How long both of them were active, and had the address.
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen } from '../../lab/deaf.ts';
import { startFrrPair } from '../../lab/frr-pair.ts';
import { bfdConfig, buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { until } from '../../lab/until.ts';
import { distribution, type Progress, type Series, TRIALS } from './trials.ts';

/** A role that just moved is none to judge others by. */
const SETTLE_MS = 2500;

export function halfOpen(series: Series, tell: Progress): Promise<void> {
  return bothActive(series, tell, async () => {
    const pair = buildPair('bhao');
    await pair.a.start(pairConfig('primary'));
    await pair.a.roleIs('active');
    await pair.b.start(pairConfig('secondary'));
    await pair.b.hearsAMaster();
    return pair;
  });
}

export function halfOpenBfd(series: Series, tell: Progress): Promise<void> {
  return bothActive(series, tell, async () => {
    const pair = await startFrrPair('bhbo', ['zebra', 'bfdd'], bfdConfig);
    await until('both to see each other', async () =>
      (await Promise.all([pair.a.status(), pair.b.status()])).every(({ bfd }) => bfd.peer === true),
    );
    await pair.a.roleIs('active', 30_000);
    await pair.b.roleIs('standby');
    return pair;
  });
}

/** Of their roles, and of the address: a node may still answer for it when its role is another's already. */
interface Overlap {
  readonly active: number;
  readonly carried: number;
}

/** A pair for each trial: who stood back once does so for longer the next time. */
async function bothActive(series: Series, tell: Progress, start: () => Promise<Pair>): Promise<void> {
  const { name, target } = series;
  const overlaps: Overlap[] = [];
  for (let i = 0; i < TRIALS; i++) {
    const { active, carried } = await overlapOf(await start());
    overlaps.push({ active, carried });
    process.stdout.write(
      `  ${name} ${i + 1}/${TRIALS}: ${active} ms, both carried the address for ${carried} ms\n`,
    );
    tell([
      ...distribution(
        name,
        target,
        overlaps.map((one) => one.active),
      ),
      ...distribution(
        `${name} by their addresses`,
        target,
        overlaps.map((one) => one.carried),
      ),
    ]);
  }
}

async function overlapOf(pair: Pair): Promise<Overlap> {
  const { a, b } = pair;
  try {
    await sleep(SETTLE_MS);
    deafen(b.host, a.host);
    const carried = await bothCarryMs(pair);
    await b.roleIs('active');
    await a.roleIs('standby');
    return { active: a.moves.at(-1)!.atMs - b.moves.at(-1)!.atMs, carried };
  } finally {
    await pair.close();
  }
}

/** Looked at every few milliseconds: as long as one look takes. */
async function bothCarryMs({ a, b }: Pair): Promise<number> {
  await until('the deaf one to carry it', () => b.holds(VIP), 10_000, 1);
  const fromMs = performance.now();
  await until('the other one to leave it', () => !a.holds(VIP), 10_000, 1);
  return Math.round(performance.now() - fromMs);
}

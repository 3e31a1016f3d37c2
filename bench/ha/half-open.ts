// A link that loses one direction: the standby hears nothing and takes over, the active node learns that it is not heard and leaves.
// How long both of them were active.
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen } from '../../lab/deaf.ts';
import { startFrrPair } from '../../lab/frr-pair.ts';
import { bfdConfig, buildPair, type Pair, pairConfig } from '../../lab/ha-pair.ts';
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

/** A pair for each trial: who stood back once does so for longer the next time. */
async function bothActive(series: Series, tell: Progress, start: () => Promise<Pair>): Promise<void> {
  const both: number[] = [];
  for (let i = 0; i < TRIALS; i++) {
    both.push(await bothActiveMs(await start()));
    process.stdout.write(`  ${series.name} ${i + 1}/${TRIALS}: ${both.at(-1)} ms\n`);
    tell(distribution(series.name, series.target, both));
  }
}

async function bothActiveMs(pair: Pair): Promise<number> {
  const { a, b } = pair;
  try {
    await sleep(SETTLE_MS);
    deafen(b.host, a.host);
    await b.roleIs('active');
    await a.roleIs('standby');
    return a.moves.at(-1)!.atMs - b.moves.at(-1)!.atMs;
  } finally {
    await pair.close();
  }
}

// A link that loses one direction: the backup hears nothing and takes over, the master hears that it is not heard and leaves. How
// long both of them were active.
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen } from '../../lab/deaf.ts';
import { buildPair, pairConfig } from '../../lab/ha-pair.ts';
import { distribution, type Progress, type Series, TRIALS } from './trials.ts';

/** A pair for each trial: who stood back once does so for longer the next time. */
export async function halfOpen(series: Series, tell: Progress): Promise<void> {
  const both: number[] = [];
  for (let i = 0; i < TRIALS; i++) {
    both.push(await bothActiveMs());
    process.stdout.write(`  ${series.name} ${i + 1}/${TRIALS}: ${both.at(-1)} ms\n`);
    tell(distribution(series.name, series.target, both));
  }
}

async function bothActiveMs(): Promise<number> {
  const pair = buildPair('bhao');
  const { a, b } = pair;
  try {
    await a.start(pairConfig('primary'));
    await a.roleIs('active');
    await b.start(pairConfig('secondary'));
    await b.hearsAMaster();
    // A role that just moved is none to judge others by.
    await sleep(2500);
    deafen(b.host, a.host);
    await b.roleIs('active');
    await a.roleIs('standby');
    return a.moves.at(-1)!.atMs - b.moves.at(-1)!.atMs;
  } finally {
    await pair.close();
  }
}

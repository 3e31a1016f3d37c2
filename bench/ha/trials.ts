// Trials of an outage: somebody breaks something, a client asks every 10 ms, and each figure is printed and kept as it comes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../lab/netns.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { stolenSeconds } from '../../lab/stolen.ts';
import { median, quantile, type Row, row } from '../report.ts';

export const TRIALS = Math.max(1, Number(process.env.HA_TRIALS ?? 20));
export const SETTLE_MS = 700;

/** Told after every trial, so that a run that is cut off has given what it measured. */
export type Progress = (rows: readonly Row[]) => void;

export interface Series {
  readonly name: string;
  /** Of the longest of all trials. */
  readonly target: string;
  /** Nothing may be lost at all. */
  readonly lossless?: boolean;
}

interface Outage {
  readonly ms: number;
  readonly lost: number;
}

/** Outage of each trial: `fail` breaks something, `repair` brings it back and returns when all is as before. */
export async function trials(
  series: Series,
  probed: { readonly client: Host; readonly address: string },
  act: { readonly fail: () => unknown; readonly repair: () => Promise<void> },
  tell: Progress,
): Promise<void> {
  const outages: Outage[] = [];
  for (let i = 0; i < TRIALS; i++) {
    const probe = await PingProbe.start(probed.client, probed.address);
    const [atMs, stolenBefore] = [Date.now(), stolenSeconds()];
    await act.fail();
    await sleep(SETTLE_MS);
    await probe.answered();
    const stolenMs = (stolenSeconds() - stolenBefore) * 1000;
    await probe.stop();
    const outage = { ms: probe.longestSince(atMs), lost: probe.lostSince(atMs) };
    outages.push(outage);
    // The moment stands beside the figure: logs of the programs are read by it.
    const when = new Date(atMs).toISOString().slice(11, 23);
    process.stdout.write(
      `  ${series.name} ${i + 1}/${TRIALS} at ${when}: ${outage.ms.toFixed(0)} ms, ${outage.lost} lost, ${stolenMs.toFixed(0)} ms of the processors taken by the host\n`,
    );
    tell(rowsOf(series, outages));
    await act.repair();
  }
}

function rowsOf({ name, target, lossless }: Series, outages: readonly Outage[]): readonly Row[] {
  const rows = distribution(
    name,
    target,
    outages.map(({ ms }) => ms),
  );
  const lost = outages.reduce((sum, one) => sum + one.lost, 0);
  return lossless === true ? [...rows, row(`${name}, requests lost`, lost, '', '<= 0')] : rows;
}

/** Least, median, nine of ten, and most: the target is for the last. */
export function distribution(name: string, target: string, values: readonly number[]): readonly Row[] {
  return [
    row(`${name}, shortest of ${values.length}`, Math.min(...values), 'ms'),
    row(`${name}, median`, median(values), 'ms'),
    row(`${name}, 9 of 10 within`, quantile(values, 0.9), 'ms'),
    row(`${name}, longest`, Math.max(...values), 'ms', target),
  ];
}

export function cutter(host: Host): { readonly fail: () => void; readonly mend: () => void } {
  return {
    fail: () => void host.ip('link', 'set', 'eth0', 'down'),
    mend: () => void host.ip('link', 'set', 'eth0', 'up'),
  };
}

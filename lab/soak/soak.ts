// The soak: a steady load, one fault after another in an order that the seed decides, and two questions of each: was a
// request lost outside the time that the fault excuses, and does every node say what is so?
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../programs/load.ts';
import { type Broken, FAULTS, type Fault, type SoakSite } from './faults.ts';
import { seededRandom } from './random.ts';
import { ALL_WELL, liesOf, type Truth } from './truth.ts';
import { judgeFailures, type Window } from './verdict.ts';

export interface SoakOptions {
  readonly site: SoakSite;
  readonly seconds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** All of them, or one to be repeated. */
  readonly faults?: readonly Fault[];
}

export interface FaultRecord {
  readonly name: string;
  readonly what: string;
  readonly atMs: number;
  readonly failed: number;
  readonly lost: readonly Failure[];
  readonly scattered: number;
  /** What nodes said that was not so when the deadline was over. */
  readonly lies: readonly string[];
  /** How long it took until all nodes told the truth, broken and mended. */
  readonly trueAfterMs: readonly [number, number];
}

export interface SoakReport {
  readonly startedMs: number;
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  readonly records: readonly FaultRecord[];
  /** The client itself was late by so much at worst: what a busy machine adds to every figure. */
  readonly clientLateMs: number;
}

const TRUE_WITHIN_MS = 15_000;
const LOOK_MS = 200;
const HOLD_MS = [500, 2500] as const;
/** Between two faults, so that what fails late is still counted to the right one. */
const REST_MS = 1500;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { site, seconds, seed, say, signal, faults = FAULTS } = options;
  const random = seededRandom(seed);
  const startedMs = Date.now();
  const endMs = startedMs + seconds * 1000;
  const records: FaultRecord[] = [];
  let [requests, failed, clientLateMs] = [0, 0, 0];
  let round: Fault[] = [];
  await site.seen();
  while (Date.now() < endMs && !signal.aborted) {
    // Each fault once before any comes again.
    if (round.length === 0)
      round = faults.filter(
        (fault) => fault.name.startsWith('clock') === false || site.moveClock !== undefined,
      );
    const fault = random.pick(round);
    round = round.filter((one) => one !== fault);
    const record = await inflict(site, fault, random, async () => {
      const seen = await site.seen();
      requests += seen.ok + seen.failed;
      failed += seen.failed;
      clientLateMs = Math.max(clientLateMs, seen.clientLateMs);
      return seen.failures;
    });
    records.push(record);
    const bad = record.lost.length + record.lies.length > 0 ? '  <-- NOT AS IT SHOULD BE' : '';
    const at = ((record.atMs - startedMs) / 1000).toFixed(0).padStart(4);
    say(
      `${at} s  ${record.name}: ${record.what}; ${record.failed} failed, ${record.lost.length} of them lost; true after ${record.trueAfterMs.join(' and ')} ms${bad}`,
    );
    for (const lie of record.lies) say(`        ${lie}`);
  }
  return { startedMs, seconds: (Date.now() - startedMs) / 1000, requests, failed, records, clientLateMs };
}

async function inflict(
  site: SoakSite,
  fault: Fault,
  random: ReturnType<typeof seededRandom>,
  failuresSince: () => Promise<readonly Failure[]>,
): Promise<FaultRecord> {
  const windows: Window[] = [];
  /** What takes its time (a start) excuses its own duration, but only where it excuses anything. */
  const within = async <T>(lossMs: number, act: () => Promise<T>): Promise<T> => {
    const fromMs = Date.now();
    const result = await act();
    if (lossMs > 0) windows.push({ fromMs, toMs: Date.now() + lossMs, why: fault.name });
    return result;
  };
  const atMs = Date.now();
  const broken: Broken = await within(fault.lossMs, () => fault.begin(site, random));
  await sleep(random.between(...HOLD_MS));
  const whileBroken = await untilTrue(site, broken.truth);
  await within(fault.mendLossMs, () => broken.mend());
  const whenMended = await untilTrue(site, ALL_WELL);
  await sleep(REST_MS);
  const failures = await failuresSince();
  const verdict = judgeFailures(failures, windows);
  const tag = (when: string, lies: readonly string[]): string[] => lies.map((lie) => `${when}: ${lie}`);
  return {
    name: fault.name,
    what: broken.what,
    atMs,
    failed: failures.length,
    lost: verdict.lost,
    scattered: verdict.scattered.length,
    lies: [...tag('broken', whileBroken.lies), ...tag('mended', whenMended.lies)],
    trueAfterMs: [whileBroken.afterMs, whenMended.afterMs],
  };
}

/** Status may need a moment, but not longer than a bound. */
async function untilTrue(
  site: SoakSite,
  truth: Truth,
): Promise<{ afterMs: number; lies: readonly string[] }> {
  const startedMs = Date.now();
  for (;;) {
    const lies = await liesOf(site, truth);
    const afterMs = Date.now() - startedMs;
    if (lies.length === 0 || afterMs > TRUE_WITHIN_MS) return { afterMs, lies };
    await sleep(LOOK_MS);
  }
}

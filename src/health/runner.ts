// Runs probes on their beat and judges what they say. It lives in a Worker, so that a busy main thread delays no check.
import type { Clock } from '../lib/clock.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { Target } from './checkers/checker.ts';
import {
  type CheckResult,
  initialState,
  isInDoubt,
  type JudgeSettings,
  type JudgeState,
  judge,
} from './judge.ts';
import { LatencyHistogram, type LatencySnapshot } from './latency.ts';
import type { LatencyTable } from './latency-table.ts';
import { Schedule } from './schedule.ts';

/** Turning more often than this in ten minutes is flapping: such a member has to rise twice as long. */
const FLAP_LIMIT = 6;
const FLAP_WINDOW_MS = 600_000;

export interface RunnableProbe {
  readonly key: string;
  readonly check: HealthCheck;
  readonly target: Target;
  /** Why it cannot be asked at all: it fails with this. */
  readonly fault?: string;
  /** What was known before a reload or restart. */
  readonly state?: JudgeState;
  /** Where in the table its answer times are counted. */
  readonly slot?: number;
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxRunning: number;
  readonly run: (check: HealthCheck, target: Target, stop: AbortSignal) => Promise<CheckResult>;
  /** Called when the verdict, the error or the weight changed, and on the first result. */
  readonly onChange: (key: string, state: JudgeState) => void;
  readonly times?: Pick<LatencyTable, 'at'>;
}

export interface RunnerStats {
  readonly probes: number;
  readonly running: number;
  readonly runs: number;
  /** How late checks started, over all runs. */
  readonly late: LatencySnapshot;
}

interface Entry {
  probe: RunnableProbe;
  state: JudgeState;
  stop: AbortController;
  readonly times: LatencyHistogram | undefined;
}

export class ProbeRunner {
  readonly #options: RunnerOptions;
  readonly #schedule: Schedule;
  readonly #entries = new Map<string, Entry>();
  readonly #late = new LatencyHistogram();
  #running = 0;
  #runs = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { clock, random, maxRunning } = options;
    this.#schedule = new Schedule({
      clock,
      random,
      maxRunning,
      start: (key, lateMs) => this.#start(key, lateMs),
    });
  }

  set(probe: RunnableProbe): void {
    const { key, check } = probe;
    const known = this.#entries.get(key);
    if (known === undefined) {
      const state = probe.state ?? initialState(check.first, this.#options.clock.nowMs());
      this.#entries.set(key, { probe, state, stop: new AbortController(), times: this.#timesOf(probe) });
    } else known.probe = probe;
    this.#schedule.set({ key, intervalMs: check.intervalMs, fastIntervalMs: check.fastIntervalMs });
  }

  /** A run under way is stopped, and its result dropped. */
  delete(key: string): void {
    this.#entries.get(key)?.stop.abort();
    this.#entries.delete(key);
    this.#schedule.delete(key);
  }

  hurry(key: string): void {
    this.#schedule.hurry(key);
  }

  stats(): RunnerStats {
    return {
      probes: this.#entries.size,
      running: this.#running,
      runs: this.#runs,
      late: this.#late.snapshot(),
    };
  }

  close(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
    this.#schedule.close();
  }

  /** The slot may hold what another probe left. */
  #timesOf({ slot }: RunnableProbe): LatencyHistogram | undefined {
    const times = slot === undefined ? undefined : this.#options.times?.at(slot);
    times?.clear();
    return times;
  }

  #start(key: string, lateMs: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#schedule.finished(key, false);
      return;
    }
    this.#running++;
    this.#runs++;
    this.#late.add(lateMs);
    const { check, target, fault } = entry.probe;
    const { clock, run } = this.#options;
    const result =
      fault === undefined
        ? run(check, target, entry.stop.signal)
        : Promise.resolve<CheckResult>({ ok: false, error: fault, latencyMs: 0, atMs: clock.nowMs() });
    void result.then((result) => {
      this.#running--;
      if (this.#entries.get(key) === entry) this.#take(key, entry, result);
      this.#schedule.finished(key, isInDoubt(entry.state));
    });
  }

  #take(key: string, entry: Entry, result: CheckResult): void {
    const before = entry.state;
    const after = judge(before, result, settingsOf(entry.probe.check));
    entry.state = after;
    entry.times?.add(result.latencyMs);
    const told =
      before.seen > 0 &&
      before.verdict === after.verdict &&
      before.lastError === after.lastError &&
      before.dynamicWeight === after.dynamicWeight;
    if (!told) this.#options.onChange(key, after);
  }
}

export function settingsOf(check: HealthCheck): JudgeSettings {
  const { rise, fall, first } = check;
  return { rise, fall, first, flapLimit: FLAP_LIMIT, flapWindowMs: FLAP_WINDOW_MS };
}

// What must be counted as it happens, because nobody remembers it until the next scrape.
import type { Control } from '../../engine/control.ts';
import type { EngineEvent } from '../../engine/events.ts';
import type { Role } from '../../model/protocol.ts';
import type { Status } from '../../model/status.ts';
import { groupOfVip } from '../../plan/place-addresses.ts';

export const DIRECTIONS = ['acquire', 'release'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Seconds; a round of an idle node takes 2 ms, a first load of 10,000 listeners some seconds. */
export const RECONCILE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class Tally {
  readonly events = new Map<string, number>();
  readonly reloads = { accepted: 0, refused: 0 };
  readonly steps = { applied: 0, failed: 0 };
  readonly reconcile = { count: 0, sum: 0, buckets: RECONCILE_BOUNDS.map(() => 0).concat(0) };
  readonly transitions = new Map<string, Record<Direction, number>>();
  reloadedMs: number | undefined;
  failedRounds = 0;
  readonly #control: Control;
  readonly #stop: () => void;
  readonly #owned = new Map<string, boolean>();
  #seenRound = 0;
  /** Rounds that failed before they had a number. */
  #brokenRounds = 0;
  #lastFailureMs: number | undefined;

  constructor(control: Control) {
    this.#control = control;
    this.#stop = control.onEvent((event) => this.#take(event));
    // What was before this door opened is where counting starts, not a change.
    const status = control.status();
    for (const one of status?.addresses ?? []) this.#owned.set(one.vip, one.observed);
    if (status !== undefined) this.reloadedMs = control.startedMs;
    this.#readRounds();
  }

  close(): void {
    this.#stop();
  }

  /** At every scrape. Making a Status is dear, so it is made once for all who need it. */
  catchUp(status: Status | undefined): void {
    this.#readRounds();
    this.#watchOwned(status);
  }

  runs(status: Status | undefined): { success: number; failure: number } {
    const finished = status?.round?.number ?? 0;
    const failed = Math.min(this.failedRounds, finished);
    return { success: finished - failed, failure: failed + this.#brokenRounds };
  }

  /** The history is bounded: it is also read with every event, so that none is missed between two scrapes. */
  #readRounds(): void {
    for (const round of this.#control.rounds()) {
      if (round.number <= this.#seenRound) continue;
      this.#seenRound = round.number;
      this.steps.applied += round.appliedCount;
      this.steps.failed += round.failedCount;
      const seconds = round.durationMs / 1000;
      const at = RECONCILE_BOUNDS.findIndex((bound) => seconds <= bound);
      this.reconcile.buckets[at === -1 ? RECONCILE_BOUNDS.length : at]! += 1;
      this.reconcile.count++;
      this.reconcile.sum += seconds;
    }
  }

  #take(event: EngineEvent): void {
    this.events.set(event.kind, (this.events.get(event.kind) ?? 0) + 1);
    if (event.kind === 'config-loaded') {
      this.reloads.accepted++;
      this.reloadedMs = event.atMs;
    } else if (event.kind === 'config-refused') this.reloads.refused++;
    else if (event.kind === 'round-failed') this.#brokenRounds++;
    else if (event.kind === 'driver-failed' || event.kind === 'steps-failed') this.#roundFailed(event.atMs);
    else if (event.kind === 'role-changed') this.#roleChanged(event.group, event.from, event.to);
    this.#readRounds();
  }

  /** Steps and drivers that fail in one round tell the same moment: the round counts once. */
  #roundFailed(atMs: number): void {
    if (atMs !== this.#lastFailureMs) this.failedRounds++;
    this.#lastFailureMs = atMs;
  }

  /** Groups move as their role says, even when they come and go between two scrapes. */
  #roleChanged(group: string, from: Role, to: Role): void {
    if ((from === 'active') === (to === 'active')) return;
    const intent = this.#control.intent();
    if (intent === undefined) return;
    for (const vip of intent.vips.values())
      if (groupOfVip(vip, intent)?.name === group) this.#moved(vip.name, to === 'active');
  }

  /** Addresses of no group have nobody to tell when they move: what is observed is compared. */
  #watchOwned(status: Status | undefined): void {
    const intent = this.#control.intent();
    if (intent === undefined) return;
    for (const { vip, observed } of status?.addresses ?? []) {
      const configured = intent.vips.get(vip);
      if (configured === undefined || groupOfVip(configured, intent) !== undefined) continue;
      if ((this.#owned.get(vip) ?? false) !== observed) this.#moved(vip, observed);
    }
  }

  #moved(vip: string, here: boolean): void {
    this.#owned.set(vip, here);
    const counts = this.transitions.get(vip) ?? { acquire: 0, release: 0 };
    counts[here ? 'acquire' : 'release']++;
    this.transitions.set(vip, counts);
  }
}

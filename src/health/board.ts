// The one judge of the house: which probes exist, what they said, and the health of every member that follows.
// It starts nothing and waits for nothing; verdicts and time come in, changed members come out.
import type { MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import { memberKey } from '../model/keys.ts';
import { initialState, type JudgeState } from './judge.ts';
import { combine, type MemberRecord, toMemberHealth } from './member-health.ts';
import type { Probe } from './probe.ts';
import { ProbeTable } from './probe-table.ts';
import { nextRampMs, rampAt } from './ramp.ts';

/** What survives a reload and a restart. */
export interface BoardSnapshot {
  readonly probes: readonly (readonly [key: string, state: JudgeState])[];
  readonly members: readonly (readonly [key: string, record: MemberRecord])[];
}

export interface ProbeChange {
  readonly added: readonly Probe[];
  readonly removed: readonly string[];
}

export class HealthBoard {
  readonly #table = new ProbeTable();
  readonly #states = new Map<string, JudgeState>();
  readonly #records = new Map<string, MemberRecord>();
  #slowStartMs: ReadonlyMap<string, number> = new Map();
  /** As it was last told: handed out, so never changed. What is not as told is told anew. */
  #told: ReadonlyMap<string, MemberHealth> = new Map();
  readonly #untold = new Set<string>();
  readonly #ramping = new Set<string>();
  #restored = false;
  #version = 0;

  /** Takes over what is asked now; whatever is asked as before keeps its state. */
  setIntent(intent: Intent, nowMs: number): ProbeChange {
    const { added, removed, members } = this.#table.set(intent);
    for (const key of removed) this.#states.delete(key);
    for (const probe of added) {
      // A restored state may already be there: it is worth more than an assumption.
      if (!this.#states.has(probe.key)) this.#states.set(probe.key, initialState(probe.check.first, nowMs));
    }
    if (members.size > 0) this.#version++;
    this.#followSlowStart(intent);
    this.#forgetRestored();
    for (const [member, before] of members) {
      const keys = this.#table.members.get(member);
      if (keys === undefined) this.#forget(member);
      // Who is asked the same as before stands as before.
      else if (!this.#records.has(member) || !sameKeys(before, keys)) this.#combine(member, nowMs);
    }
    return { added, removed };
  }

  /** Keys of the members whose health changed by it. The state of a probe that is gone changes none. */
  onState(key: string, state: JudgeState, nowMs: number): readonly string[] {
    const probe = this.#table.probes.get(key);
    if (probe === undefined) return [];
    this.#version++;
    this.#states.set(key, state);
    return probe.members.filter((member) => this.#combine(member, nowMs));
  }

  /** The very same map while nothing changed, as rounds and doors ask far more often than checks turn. */
  health(nowMs: number): ReadonlyMap<string, MemberHealth> {
    for (const member of this.#ramping) {
      const ramp = this.#rampNow(member, nowMs);
      if (ramp !== this.#told.get(member)?.ramp) this.#untold.add(member);
      if (ramp >= 1) this.#ramping.delete(member);
    }
    if (this.#untold.size === 0) return this.#told;
    const told = new Map(this.#told);
    for (const member of this.#untold) {
      const record = this.#records.get(member);
      if (record === undefined) told.delete(member);
      else told.set(member, toMemberHealth(record, this.#rampNow(member, nowMs)));
    }
    this.#untold.clear();
    this.#told = told;
    return told;
  }

  lastErrorOf(member: string): string | undefined {
    return this.#records.get(member)?.lastError;
  }

  /** How long until some ramp takes its next step; undefined while none is under way. */
  nextRampMs(nowMs: number): number | undefined {
    let soonest: number | undefined;
    for (const member of this.#ramping) {
      const record = this.#records.get(member);
      if (record === undefined) continue;
      const wait = nextRampMs(...this.#rampOf(member, record, nowMs));
      if (wait !== undefined && (soonest === undefined || wait < soonest)) soonest = wait;
    }
    return soonest;
  }

  probes(): ReadonlyMap<string, Probe> {
    return this.#table.probes;
  }

  /** The probes a member lives by. */
  probeKeysOf(member: string): readonly string[] {
    return this.#table.members.get(member) ?? [];
  }

  stateOf(key: string): JudgeState | undefined {
    return this.#states.get(key);
  }

  /** Another number after whatever changes the snapshot. */
  get version(): number {
    return this.#version;
  }

  snapshot(): BoardSnapshot {
    return { probes: [...this.#states], members: [...this.#records] };
  }

  /** Before setIntent: what no probe asks for any more is dropped there. */
  restore(snapshot: BoardSnapshot): void {
    this.#restored = true;
    for (const [key, state] of snapshot.probes) this.#states.set(key, state);
    for (const [key, record] of snapshot.members) {
      this.#records.set(key, record);
      this.#change(key);
    }
  }

  /** What was restored and nobody asks for any more. */
  #forgetRestored(): void {
    if (!this.#restored) return;
    this.#restored = false;
    for (const key of this.#states.keys()) if (!this.#table.probes.has(key)) this.#states.delete(key);
    for (const member of this.#records.keys()) if (!this.#table.members.has(member)) this.#forget(member);
  }

  #forget(member: string): void {
    if (this.#records.delete(member)) this.#change(member);
  }

  #followSlowStart(intent: Intent): void {
    const slowStartMs = new Map<string, number>();
    for (const pool of intent.pools.values()) {
      if (pool.slowStartMs === 0) continue;
      for (const member of pool.members) slowStartMs.set(memberKey(pool.name, member.name), pool.slowStartMs);
    }
    // A slow start that is given later counts from the same recovery.
    for (const [member, ms] of slowStartMs)
      if (this.#slowStartMs.get(member) !== ms) this.#untold.add(member);
    for (const member of this.#ramping) this.#untold.add(member);
    this.#slowStartMs = slowStartMs;
  }

  /** True when the record changed. */
  #combine(member: string, nowMs: number): boolean {
    const states = this.probeKeysOf(member).flatMap((key) => this.#states.get(key) ?? []);
    const previous = this.#records.get(member);
    const record = combine(previous, states, nowMs);
    this.#records.set(member, record);
    this.#change(member);
    return (
      previous?.state !== record.state ||
      previous.dynamicWeight !== record.dynamicWeight ||
      previous.lastError !== record.lastError
    );
  }

  /** It is told anew, and may be on a ramp: who never was down has none, and is not looked at again and again. */
  #change(member: string): void {
    this.#untold.add(member);
    if (this.#records.get(member)?.recoveredMs === undefined) this.#ramping.delete(member);
    else this.#ramping.add(member);
  }

  #rampNow(member: string, nowMs: number): number {
    const record = this.#records.get(member);
    return record === undefined ? 1 : rampAt(...this.#rampOf(member, record, nowMs));
  }

  #rampOf(member: string, record: MemberRecord, nowMs: number): [elapsedMs: number, slowStartMs: number] {
    if (record.recoveredMs === undefined) return [0, 0];
    return [nowMs - record.recoveredMs, this.#slowStartMs.get(member) ?? 0];
  }
}

function sameKeys(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((key, i) => key === b[i]);
}

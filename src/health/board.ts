// The one judge of the house: which probes exist, what they said, and the health of every member that follows.
// It starts nothing and waits for nothing; verdicts and time come in, changed members come out.
import type { MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import { memberKey } from '../model/keys.ts';
import { initialState, type JudgeState } from './judge.ts';
import { combine, type MemberRecord, toMemberHealth } from './member-health.ts';
import { type Probe, probesOf } from './probe.ts';
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
  #probes: ReadonlyMap<string, Probe> = new Map();
  readonly #states = new Map<string, JudgeState>();
  readonly #records = new Map<string, MemberRecord>();
  readonly #probesOfMember = new Map<string, string[]>();
  readonly #slowStartMs = new Map<string, number>();

  /** Takes over what is asked now; whatever is asked as before keeps its state. */
  setIntent(intent: Intent, nowMs: number): ProbeChange {
    const probes = probesOf(intent);
    const added = [...probes.values()].filter((probe) => !this.#probes.has(probe.key));
    const removed = [...this.#probes.keys()].filter((key) => !probes.has(key));
    this.#probes = probes;
    for (const key of removed) this.#states.delete(key);
    for (const probe of added) {
      // A restored state may already be there: it is worth more than an assumption.
      if (!this.#states.has(probe.key)) this.#states.set(probe.key, initialState(probe.check.first, nowMs));
    }
    this.#indexMembers(intent);
    for (const member of this.#records.keys())
      if (!this.#probesOfMember.has(member)) this.#records.delete(member);
    for (const member of this.#probesOfMember.keys()) this.#combine(member, nowMs);
    return { added, removed };
  }

  /** Keys of the members whose health changed by it. The state of a probe that is gone changes none. */
  onState(key: string, state: JudgeState, nowMs: number): readonly string[] {
    const probe = this.#probes.get(key);
    if (probe === undefined) return [];
    this.#states.set(key, state);
    return probe.members.filter((member) => this.#combine(member, nowMs));
  }

  health(nowMs: number): ReadonlyMap<string, MemberHealth> {
    const health = new Map<string, MemberHealth>();
    for (const [member, record] of this.#records) {
      health.set(member, toMemberHealth(record, rampAt(...this.#rampOf(member, record, nowMs))));
    }
    return health;
  }

  /** How long until some ramp takes its next step; undefined while none is under way. */
  nextRampMs(nowMs: number): number | undefined {
    let soonest: number | undefined;
    for (const [member, record] of this.#records) {
      const wait = nextRampMs(...this.#rampOf(member, record, nowMs));
      if (wait !== undefined && (soonest === undefined || wait < soonest)) soonest = wait;
    }
    return soonest;
  }

  probes(): ReadonlyMap<string, Probe> {
    return this.#probes;
  }

  stateOf(key: string): JudgeState | undefined {
    return this.#states.get(key);
  }

  snapshot(): BoardSnapshot {
    return { probes: [...this.#states], members: [...this.#records] };
  }

  /** Before setIntent: what no probe asks for any more is dropped there. */
  restore(snapshot: BoardSnapshot): void {
    for (const [key, state] of snapshot.probes) this.#states.set(key, state);
    for (const [key, record] of snapshot.members) this.#records.set(key, record);
  }

  #indexMembers(intent: Intent): void {
    this.#probesOfMember.clear();
    this.#slowStartMs.clear();
    for (const probe of this.#probes.values()) {
      for (const member of probe.members) {
        const keys = this.#probesOfMember.get(member);
        if (keys === undefined) this.#probesOfMember.set(member, [probe.key]);
        else keys.push(probe.key);
      }
    }
    for (const pool of intent.pools.values()) {
      if (pool.slowStartMs === 0) continue;
      for (const member of pool.members)
        this.#slowStartMs.set(memberKey(pool.name, member.name), pool.slowStartMs);
    }
    for (const key of this.#states.keys()) if (!this.#probes.has(key)) this.#states.delete(key);
  }

  /** True when the record changed. */
  #combine(member: string, nowMs: number): boolean {
    const states = (this.#probesOfMember.get(member) ?? []).flatMap((key) => this.#states.get(key) ?? []);
    const previous = this.#records.get(member);
    const record = combine(previous, states, nowMs);
    this.#records.set(member, record);
    return (
      previous?.state !== record.state ||
      previous.dynamicWeight !== record.dynamicWeight ||
      previous.lastError !== record.lastError
    );
  }

  #rampOf(member: string, record: MemberRecord, nowMs: number): [elapsedMs: number, slowStartMs: number] {
    if (record.recoveredMs === undefined) return [0, 0];
    return [nowMs - record.recoveredMs, this.#slowStartMs.get(member) ?? 0];
  }
}

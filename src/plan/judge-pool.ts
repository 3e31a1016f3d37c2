// What each member of a pool is worth now: operator, health, backup, panic and quorum applied, with the reason.
import type { Family } from '../lib/ip.ts';
import type { Facts, MemberHealth } from '../model/facts.ts';
import { memberKey } from '../model/keys.ts';
import type { Member, MemberAdminState, Pool } from '../model/pool.ts';
import type { Reason } from '../model/reason.ts';

export const MAX_WEIGHT = 65_535;

export interface MemberVerdict {
  readonly member: Member;
  readonly weight: number;
  readonly present: boolean;
  readonly resetFlows: boolean;
  readonly reason: Reason;
}

export interface PoolVerdict {
  readonly pool: Pool;
  readonly members: readonly MemberVerdict[];
  /** Live weight of the members that serve, slow start left out. */
  readonly liveWeight: number;
  readonly quorum: boolean;
  /** True: the sorry server answers instead of the members. */
  readonly sorry: boolean;
  /**
   * Of a pool with members of both families, the same judged over each: a packet forwarder of one family is not served by
   * members of the other, so they hold no quorum for it and keep no backup idle.
   */
  readonly byFamily?: Readonly<Record<Family, PoolVerdict>>;
}

interface Base extends MemberVerdict {
  /** Weight without slow start; what quorum counts. */
  readonly live: number;
  /** Out because of its checks, so panic may use it. */
  readonly failed: boolean;
}

/** The facts a verdict rests on, in the pool's order. Equal inputs, equal verdict: this is what memoising compares. */
export interface PoolFacts {
  readonly health: readonly (MemberHealth | undefined)[];
  readonly admin: readonly MemberAdminState[];
  readonly heldQuorum: boolean | undefined;
  /** Only of a pool with members of both families. */
  readonly heldByFamily?: Readonly<Record<Family, boolean | undefined>>;
}

/** Under which name the quorum of a pool is remembered: of all its members, or of those of one family. */
export function quorumKey(pool: string, family?: Family): string {
  return family === undefined ? pool : `${pool} ipv${family}`;
}

/** memberKey() of every member, in the pool's order. */
export function memberKeysOf(pool: Pool): readonly string[] {
  return pool.members.map((member) => memberKey(pool.name, member.name));
}

/** `keys` are memberKeysOf(pool): who asks every round keeps them. */
export function poolFacts(pool: Pool, keys: readonly string[], facts: Facts): PoolFacts {
  const health = keys.map((key) => facts.health.get(key));
  const admin = pool.members.map((member, i) => adminState(member, facts, keys[i]!));
  const held = (family?: Family) => facts.quorum.get(quorumKey(pool.name, family));
  const own = { health, admin, heldQuorum: held() };
  return isMixed(pool) ? { ...own, heldByFamily: { 4: held(4), 6: held(6) } } : own;
}

export function judgePool(pool: Pool, facts: PoolFacts): PoolVerdict {
  const bases = pool.members.map((member, i) => judgeMember(pool, member, facts.admin[i]!, facts.health[i]));
  const whole = judgeBases(pool, bases, facts.heldQuorum);
  const held = facts.heldByFamily;
  if (held === undefined) return whole;
  const ofFamily = (family: Family): PoolVerdict =>
    judgeBases(
      pool,
      bases.filter(({ member }) => familyOfCanonical(member.address) === family),
      held[family],
    );
  return { ...whole, byFamily: { 4: ofFamily(4), 6: ofFamily(6) } };
}

function judgeBases(pool: Pool, bases: readonly Base[], held: boolean | undefined): PoolVerdict {
  const chosen = applyPanic(pool, applyBackup(bases));
  let liveWeight = 0;
  for (const one of chosen) if (!one.failed && one.weight > 0) liveWeight += one.live;
  const quorum = holdsQuorum(pool, liveWeight, held);
  const sorry = !quorum && pool.sorry !== undefined;
  const members = sorry ? chosen.map(givenUp) : chosen;
  return { pool, members, liveWeight, quorum, sorry };
}

function isMixed({ members }: Pool): boolean {
  if (members.length < 2) return false;
  const first = familyOfCanonical(members[0]!.address);
  return members.some(({ address }) => familyOfCanonical(address) !== first);
}

/** An Intent holds canonical addresses, so the colon tells; parsing each again would cost more than all the rest. */
export function familyOfCanonical(address: string): Family {
  return address.includes(':') ? 6 : 4;
}

/** While the sorry server answers, the others admit nothing new. */
function givenUp(one: MemberVerdict): MemberVerdict {
  return one.weight > 0 ? { ...one, weight: 0, reason: 'QuorumLost' } : one;
}

/** Gained at weight + hysteresis, lost below weight - hysteresis; without a past, the plain weight decides. */
export function holdsQuorum(pool: Pool, liveWeight: number, held: boolean | undefined): boolean {
  const { weight, hysteresis } = pool.quorum;
  if (held === undefined) return liveWeight >= weight;
  if (!held) return liveWeight >= weight + hysteresis;
  // A hysteresis as large as the weight must not keep a quorum of nobody.
  return liveWeight >= weight - hysteresis && (liveWeight > 0 || weight === 0);
}

/**
 * True when judging again would give the same verdict. Compares in place, as it is asked for every pool in every round.
 * A verdict holds for the quorum it started from and for the one it came to: hysteresis makes the second its own cause.
 */
export function isCurrent(
  known: PoolFacts,
  verdict: PoolVerdict,
  keys: readonly string[],
  facts: Facts,
): boolean {
  const { pool, byFamily } = verdict;
  if (!isSameQuorum(facts.quorum.get(pool.name), known.heldQuorum, verdict)) return false;
  if (byFamily !== undefined)
    for (const family of [4, 6] as const) {
      const held = facts.quorum.get(quorumKey(pool.name, family));
      if (!isSameQuorum(held, known.heldByFamily?.[family], byFamily[family])) return false;
    }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (!isSameHealth(known.health[i], facts.health.get(key))) return false;
    if (adminState(pool.members[i]!, facts, key) !== known.admin[i]) return false;
  }
  return true;
}

function isSameQuorum(held: boolean | undefined, known: boolean | undefined, verdict: PoolVerdict): boolean {
  return held === known || held === verdict.quorum;
}

/** Only what a verdict rests on: when it began and what the last error was change nothing. */
function isSameHealth(a: MemberHealth | undefined, b: MemberHealth | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.state === b.state && a.factor === b.factor && a.dynamicWeight === b.dynamicWeight && a.ramp === b.ramp
  );
}

/** An override stands above what the file says; an ended drain leaves the member down, anything else ended is void. */
function adminState(member: Member, facts: Facts, key: string): MemberAdminState {
  const override = facts.overrides.size === 0 ? undefined : facts.overrides.get(key);
  if (override === undefined) return member.state;
  const over = override.untilMs !== undefined && override.untilMs <= facts.nowMs;
  if (!over) return override.state;
  return override.state === 'drain' ? 'down' : member.state;
}

function judgeMember(
  pool: Pool,
  member: Member,
  admin: MemberAdminState,
  health: MemberHealth | undefined,
): Base {
  if (admin === 'drain') return base(member, 0, 0, 'AdminDrain');
  if (admin === 'down') return { ...base(member, 0, 0, 'AdminDown'), present: false };
  if (admin === 'up') return serving(member, member.weight, member.weight, 'AdminUp');
  const checks = member.checks ?? pool.checks;
  if (health === undefined && checks.length === 0)
    return serving(member, member.weight, member.weight, 'NotChecked');
  const state = health?.state ?? 'unknown';
  if (state === 'up') return judgeUp(member, health!);
  if (state === 'unknown' && checks.every((check) => check.first === 'up'))
    return serving(member, member.weight, member.weight, 'AwaitingFirstCheck');
  return {
    ...base(member, 0, 0, state === 'down' ? 'CheckFailed' : 'AwaitingFirstCheck'),
    present: pool.onFailure !== 'remove',
    resetFlows: state === 'down' && pool.onFailure === 'reset',
    failed: true,
  };
}

function judgeUp(member: Member, health: MemberHealth): Base {
  const full = health.dynamicWeight ?? member.weight * health.factor;
  const live = scale(full, 1);
  return serving(member, scale(full, health.ramp), live, health.ramp < 1 ? 'SlowStart' : 'InService');
}

function base(member: Member, weight: number, live: number, reason: Reason): Base {
  return {
    member,
    weight,
    live,
    present: true,
    resetFlows: false,
    failed: false,
    reason,
  };
}

/** A member that would serve, were its weight not 0. */
function serving(member: Member, weight: number, live: number, reason: Reason): Base {
  return base(member, weight, live, live === 0 ? 'ZeroWeight' : reason);
}

/** At least 1 for what is not zero, so that scaling never silently drains a member. */
function scale(weight: number, share: number): number {
  if (weight <= 0) return 0;
  return Math.min(MAX_WEIGHT, Math.max(1, Math.round(weight * share)));
}

function applyBackup(bases: readonly Base[]): readonly Base[] {
  if (!bases.some((one) => one.member.backup)) return bases;
  const ordinaryServes = bases.some((one) => !one.member.backup && one.weight > 0);
  return bases.map((one) => {
    if (!one.member.backup || one.weight === 0) return one;
    if (ordinaryServes) return { ...one, weight: 0, present: false, reason: 'BackupIdle' };
    return one.reason === 'AdminUp' ? one : { ...one, reason: 'BackupInUse' };
  });
}

/** Panic is about ordinary members; while backups carry the load there is none. */
function applyPanic(pool: Pool, bases: readonly Base[]): readonly Base[] {
  if (pool.panicPercent === 0) return bases;
  const ordinary = bases.filter((one) => !one.member.backup && (one.failed || one.weight > 0));
  const usable = ordinary.filter((one) => one.weight > 0).length;
  if (ordinary.length === 0 || (usable / ordinary.length) * 100 >= pool.panicPercent) return bases;
  if (bases.some((one) => one.member.backup && one.weight > 0)) return bases;
  return bases.map((one) =>
    one.failed && !one.member.backup
      ? {
          ...one,
          weight: one.member.weight,
          present: true,
          resetFlows: false,
          reason: one.member.weight === 0 ? 'ZeroWeight' : 'PanicAllUsed',
        }
      : one,
  );
}

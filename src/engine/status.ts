// Status from what was observed and what results said, never from wishes.
import { Note } from '../lib/note.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Item } from '../model/item.ts';
import type { Reason } from '../model/reason.ts';
import type {
  AddressStatus,
  Condition,
  ItemError,
  ListenerStatus,
  MemberStatus,
  PoolStatus,
  RoundSummary,
  Status,
} from '../model/status.ts';
import { containersOf, type UnplacedListener, type World, type WorldListener } from '../model/world.ts';
import { differingFields } from '../plan/diff.ts';
import { crossesFamilies } from '../plan/expand-listener.ts';
import { quorumKey } from '../plan/judge-pool.ts';
import { groupOfVip, roleOfVip, toWorldAddress } from '../plan/place-addresses.ts';
import type { HeldStep } from './apply-plan.ts';
import { memberStatuses } from './member-status.ts';
import type { DriverView, RoundOutcome } from './reconcile.ts';

export interface StatusInput {
  readonly intent: Intent;
  readonly hash: string;
  readonly configError?: string;
  readonly facts: Facts;
  readonly world: World;
  readonly outcome: RoundOutcome;
  /** Name of the driver that carries a listener of this engine; drivers carry the engine's name. */
  readonly driverOf: (listener: WorldListener) => string;
  readonly itemsOf: (listener: WorldListener) => readonly Item[];
  readonly quorum: ReadonlyMap<string, boolean>;
  readonly errors: readonly ItemError[];
  readonly round?: RoundSummary;
}

/** Errors told for one listener, and for the node. */
const LISTENER_ERRORS = 10;
const NODE_ERRORS = 100;

/** The Status of one round: each part of it is made when somebody asks, and once. */
export class StatusView {
  readonly #input: StatusInput;
  readonly #index: Index;
  readonly #made = new Map<string, ListenerStatus>();
  #addresses: readonly AddressStatus[] | undefined;
  #whole: Status | undefined;

  constructor(input: StatusInput) {
    this.#input = input;
    this.#index = indexOf(input);
  }

  get round(): RoundSummary | undefined {
    return this.#input.round;
  }

  /** Of the listener of this name: one for each of its addresses and ports. */
  ofListener(name: string): readonly ListenerStatus[] {
    const { listeners, unplaced } = byName(this.#input.world);
    const one = unplaced.get(name);
    const placed = (listeners.get(name) ?? []).map((listener) => this.#listener(listener));
    return one === undefined ? placed : [...placed, unplacedStatus(one, this.#input)];
  }

  addresses(): readonly AddressStatus[] {
    this.#addresses ??= addressStatuses(this.#input, this.#index);
    return this.#addresses;
  }

  whole(): Status {
    this.#whole ??= this.#makeWhole();
    return this.#whole;
  }

  #listener(listener: WorldListener): ListenerStatus {
    let status = this.#made.get(listener.key);
    if (status === undefined) {
      status = listenerStatus(listener, this.#input, this.#index);
      this.#made.set(listener.key, status);
    }
    return status;
  }

  #makeWhole(): Status {
    const { world, intent, hash, errors, configError, round } = this.#input;
    const listeners = [
      ...world.listeners.map((listener) => this.#listener(listener)),
      ...world.unplaced.map((one) => unplacedStatus(one, this.#input)),
    ];
    return {
      node: intent.node.name,
      condition: nodeCondition(listeners, errors),
      configHash: hash,
      ...(configError === undefined ? {} : { configError }),
      listeners,
      addresses: this.addresses(),
      errors: errors.slice(0, NODE_ERRORS),
      ...(round === undefined ? {} : { round }),
    };
  }
}

interface ByName {
  readonly listeners: ReadonlyMap<string, readonly WorldListener[]>;
  readonly unplaced: ReadonlyMap<string, UnplacedListener>;
}

/** A World stays the same object from round to round while nothing in it changes. */
const BY_NAME = new WeakMap<World, ByName>();

function byName(world: World): ByName {
  let known = BY_NAME.get(world);
  if (known === undefined) {
    known = {
      listeners: Map.groupBy(world.listeners, (one) => one.name),
      unplaced: new Map(world.unplaced.map((one) => [one.listener, one])),
    };
    BY_NAME.set(world, known);
  }
  return known;
}

interface Index {
  readonly errors: ReadonlyMap<string, readonly ItemError[]>;
  readonly held: ReadonlyMap<string, HeldStep>;
  readonly conflicts: ReadonlySet<string>;
  readonly standby: ReadonlyMap<string, Reason>;
  /** Addresses that we are to hold and do not: nobody reaches what listens on them. */
  readonly absent: ReadonlyMap<string, Verdict>;
}

function indexOf(input: StatusInput): Index {
  const errors = new Map<string, ItemError[]>();
  for (const error of input.errors) errors.set(error.key, [...(errors.get(error.key) ?? []), error]);
  const standby = new Map<string, Reason>();
  for (const vip of input.intent.vips.values()) {
    const role = roleOfVip(vip, input.intent, input.facts);
    if (role !== 'active') standby.set(vip.address, role === 'fault' ? 'Fault' : 'Standby');
  }
  return {
    errors,
    held: new Map(input.outcome.held.map((one) => [`${one.step.driver} ${one.step.item.key}`, one])),
    conflicts: new Set(input.outcome.plan.conflicts.map((one) => `${one.driver} ${one.wanted.key}`)),
    standby,
    absent: absentAddresses(input, errors),
  };
}

function absentAddresses(
  { world, outcome }: StatusInput,
  errors: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, Verdict> {
  const absent = new Map<string, Verdict>();
  const views = [...outcome.views.values()];
  for (const { address, key } of world.addresses)
    if (
      views.some(
        ({ desired, observed: { items, foreign } }) =>
          desired.has(key) && !items.has(key) && !foreign.has(key),
      )
    )
      absent.set(
        address,
        errors.has(key)
          ? { condition: 'down', reason: 'ApplyFailed' }
          : { condition: 'pending', reason: 'ApplyPending' },
      );
  return absent;
}

function listenerStatus(listener: WorldListener, input: StatusInput, index: Index): ListenerStatus {
  const driver = input.driverOf(listener);
  const view = input.outcome.views.get(driver);
  const wanted = input.itemsOf(listener);
  const errors =
    index.errors.size === 0
      ? []
      : wanted.flatMap((one) => index.errors.get(one.key) ?? []).slice(0, LISTENER_ERRORS);
  const [own, ...others] = containersOf(listener);
  const members = memberStatuses(own, view, input.facts);
  const byRules = others.map((one) => ({
    pool: one.pool,
    members: memberStatuses(one, view, input.facts),
  }));
  const served = serving(listener, members, byRules, input.quorum);
  const verdict = judge(listener, driver, view, wanted, served, errors, index);
  const before = KNOWN.get(listener);
  if (
    before?.members === members &&
    byRules.every((one, i) => one.members === before.rulePools?.[i]?.members) &&
    before.condition === verdict.condition &&
    before.reason === verdict.reason &&
    before.errors.length + errors.length === 0
  )
    return before;
  const status: ListenerStatus = {
    key: listener.key,
    name: listener.name,
    engine: listener.engine,
    engineReason: listener.engineReason,
    mode: listener.mode,
    ...verdict,
    members,
    ...(byRules.length === 0 ? {} : { rulePools: byRules }),
    errors,
  };
  KNOWN.set(listener, status);
  return status;
}

/** What was last said of a listener: the same object while it says the same. */
const KNOWN = new Note<WorldListener, ListenerStatus>();

interface Verdict {
  readonly condition: Condition;
  readonly reason: Reason;
}

function judge(
  listener: WorldListener,
  driver: string,
  view: DriverView | undefined,
  wanted: readonly Item[],
  served: Verdict,
  errors: readonly ItemError[],
  index: Index,
): Verdict {
  if (view === undefined) return { condition: 'pending', reason: 'NotObserved' };
  if (wanted.some((one) => one.kind === 'listener' && index.conflicts.has(`${driver} ${one.key}`)))
    return { condition: 'down', reason: 'Conflict' };
  const missing = wanted.filter((one) => !isAsWanted(one, view));
  if (missing.length > 0) return unfinished(missing, driver, view, errors, index);
  const standby = index.standby.get(listener.address);
  // Who takes over must be able to: that he is not is worth more than that it is not his turn.
  if (standby !== undefined)
    return {
      condition: 'standby',
      reason: standby === 'Standby' && cannotServe(served) ? served.reason : standby,
    };
  return index.absent.get(listener.address) ?? served;
}

/** Nothing is behind it, or too little. */
export function cannotServe({ reason }: Pick<ListenerStatus, 'reason'>): boolean {
  return reason === 'NoHealthyMember' || reason === 'QuorumLost';
}

function isAsWanted(one: Item, view: DriverView): boolean {
  const found = view.observed.items.get(one.key);
  if (found === undefined) return false;
  return found === one || differingFields(found.fields, one.fields).length === 0;
}

/** Something is not as wanted; if the listener itself is not there, nothing serves. */
function unfinished(
  missing: readonly Item[],
  driver: string,
  view: DriverView,
  errors: readonly ItemError[],
  index: Index,
): Verdict {
  const gone = missing.some((one) => one.kind === 'listener' && !view.observed.items.has(one.key));
  if (errors.length > 0) return { condition: gone ? 'down' : 'degraded', reason: 'ApplyFailed' };
  const blocked = missing.some((one) => index.held.get(`${driver} ${one.key}`)?.why === 'guard');
  return { condition: 'pending', reason: blocked ? 'ApplyBlocked' : 'ApplyPending' };
}

function serving(
  listener: WorldListener,
  members: readonly MemberStatus[],
  byRules: readonly PoolStatus[],
  quorum: ReadonlyMap<string, boolean>,
): Verdict {
  // The proxy answers by itself: members may well be stopped meanwhile, and the address must not be withdrawn.
  if (listener.layer7?.http?.maintenance === true) return { condition: 'ok', reason: 'MaintenancePage' };
  const told = (reason: Reason) => members.some((member) => member.reason === reason);
  if (told('SorryServer')) return { condition: 'degraded', reason: 'SorryServer' };
  if (!members.some(isUsed)) return { condition: 'down', reason: 'NoHealthyMember' };
  if (quorumOf(listener, quorum) === false) return { condition: 'degraded', reason: 'QuorumLost' };
  // The rest of the listener serves, so nothing is withdrawn for it.
  for (const one of byRules)
    if (!one.members.some(isUsed) || quorum.get(one.pool) === false)
      return { condition: 'degraded', reason: 'RulePoolLost' };
  const all = [...members, ...byRules.flatMap((one) => one.members)];
  for (const reason of [
    'SorryServer',
    'PanicAllUsed',
    'BackupInUse',
    'CheckFailed',
    'TrafficFailed',
  ] as const)
    if (all.some((member) => member.reason === reason)) return { condition: 'degraded', reason };
  return { condition: 'ok', reason: 'InService' };
}

function isUsed({ observedWeight, effectiveWeight }: MemberStatus): boolean {
  return (observedWeight ?? effectiveWeight) > 0;
}

/** Of the members that count for it: those of its family, where the pool has both and nothing crosses. */
function quorumOf({ pool, family, mode }: WorldListener, quorum: ReadonlyMap<string, boolean>) {
  const own = crossesFamilies(mode) ? undefined : quorum.get(quorumKey(pool, family));
  return own ?? quorum.get(pool);
}

/** What carried it before may still do, as a guard holds its removal. */
function unplacedStatus(one: UnplacedListener, { outcome }: StatusInput): ListenerStatus {
  const [carrier] =
    [...outcome.views].find(([, { observed }]) => one.keys.some((key) => observed.items.has(key))) ?? [];
  return {
    key: one.listener,
    name: one.listener,
    engine: 'none',
    engineReason: carrier === undefined ? one.detail : `${one.detail}; ${carrier} carries it as before`,
    mode: 'none',
    condition: one.reason === 'Disabled' ? 'disabled' : carrier === undefined ? 'down' : 'degraded',
    reason: one.reason,
    members: [],
    errors: [],
  };
}

function addressStatuses(input: StatusInput, index: Index): readonly AddressStatus[] {
  const wanted = new Set(input.world.addresses.map((address) => address.key));
  const views = [...input.outcome.views.values()];
  return [...input.intent.vips.values()].map((vip): AddressStatus => {
    const { key } = toWorldAddress(vip, input.intent);
    const role = roleOfVip(vip, input.intent, input.facts);
    const group = groupOfVip(vip, input.intent);
    // What high availability carries is foreign to the driver that shows it.
    const observed = views.some(
      ({ observed: { items, foreign } }) => items.has(key) || (group !== undefined && foreign.has(key)),
    );
    const decided = group === undefined ? undefined : input.facts.roles.get(group.name)?.reason;
    const base = { key, vip: vip.name, wanted: wanted.has(key), observed, role };
    if (!vip.manage) return { ...base, reason: 'NotManaged' };
    if (base.wanted === observed) {
      const usual = role === 'active' ? 'Active' : role === 'fault' ? 'Fault' : 'Standby';
      return { ...base, reason: decided ?? usual };
    }
    return { ...base, reason: index.errors.has(key) ? 'ApplyFailed' : 'ApplyPending' };
  });
}

/** The node is as well as its worst part, and down only when nothing serves. */
function nodeCondition(listeners: readonly ListenerStatus[], errors: readonly ItemError[]): Condition {
  const counted = listeners.filter((one) => one.condition !== 'disabled');
  const all = (condition: Condition) =>
    counted.length > 0 && counted.every((one) => one.condition === condition);
  if (all('down')) return 'down';
  if (counted.some((one) => one.condition === 'down' || one.condition === 'degraded')) return 'degraded';
  if (errors.length > 0) return 'degraded';
  if (counted.some((one) => one.condition === 'pending')) return 'pending';
  return all('standby') ? 'standby' : 'ok';
}

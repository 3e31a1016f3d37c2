// Intent and Facts to World. Pure; createResolver() gives the same result and reworks only what changed.
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Listener } from '../model/listener.ts';
import type { Pool } from '../model/pool.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import { sharedSourceOf } from '../model/shared-source.ts';
import type { Certificate } from '../model/tls.ts';
import type { Vip } from '../model/vip.ts';
import type { UnplacedListener, World, WorldAddress, WorldListener } from '../model/world.ts';
import { chooseEngine, type EngineChoice, proxyReason } from './choose-engine.ts';
import { expandListener, listenerKeysOf, rulePoolNames } from './expand-listener.ts';
import {
  isCurrent,
  judgePool,
  memberKeysOf,
  type PoolFacts,
  type PoolVerdict,
  poolFacts,
  quorumKey,
} from './judge-pool.ts';
import { placeAddresses } from './place-addresses.ts';

export interface ResolveOptions {
  /** Every listener on this engine, whatever the configuration says (`--engine-override`). */
  readonly engine?: ConcreteEngine;
}

export interface Resolver {
  /** The very same World as last time when nothing that counts has changed. */
  resolve(intent: Intent, facts: Facts): World;
  /** Quorum by quorumKey() after the last resolve(): the Facts of the next round. */
  quorum(): ReadonlyMap<string, boolean>;
}

/** Members whose facts are to be compared. */
const NO_KEYS: readonly string[] = [];
type Placed = readonly WorldListener[] | UnplacedListener;

export function resolve(intent: Intent, facts: Facts, options: ResolveOptions = {}): World {
  return createResolver(options).resolve(intent, facts);
}

export function createResolver(options: ResolveOptions = {}): Resolver {
  return new MemoResolver(options);
}

interface PoolMemo {
  readonly pool: Pool;
  readonly keys: readonly string[];
  readonly facts: PoolFacts;
  readonly verdict: PoolVerdict;
}

/** What the place of a listener rests on besides the engines. */
interface ListenerMemo {
  readonly listener: Listener;
  readonly vips: readonly (Vip | undefined)[];
  readonly verdict: PoolVerdict | undefined;
  readonly rulePools: readonly (PoolVerdict | undefined)[];
  readonly rulePoolNames: readonly string[];
  readonly placed: Placed;
}

/** Memos by name, not by object: a lookup by string is several times cheaper than a WeakMap of this size. */
class MemoResolver implements Resolver {
  readonly #options: ResolveOptions;
  #pools = new Map<string, PoolMemo>();
  #listeners = new Map<string, ListenerMemo>();
  #signature = '';
  #sharedSources: ReadonlyMap<string, string> = new Map();
  #quorum: ReadonlyMap<string, boolean> = new Map();
  #quorumPools = 0;
  #last: World | undefined;
  /** Facts of the last round; `plain` without overrides, which time alone can end. */
  #seen: { readonly health: Facts['health']; readonly plain: boolean } | undefined;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  quorum(): ReadonlyMap<string, boolean> {
    return this.#quorum;
  }

  resolve(intent: Intent, facts: Facts): World {
    this.#judgeAll(intent, facts);
    this.#sharedSources = sharedSources(intent);
    const signature = `${engineSignature(intent, facts)} ${[...this.#sharedSources]}`;
    if (signature !== this.#signature) this.#listeners.clear();
    this.#signature = signature;
    if (this.#listeners.size > intent.listeners.size)
      this.#listeners = onlyNamed(this.#listeners, intent.listeners);

    const listeners: WorldListener[] = [];
    const unplaced: UnplacedListener[] = [];
    for (const listener of intent.listeners.values()) {
      const placed = this.#place(listener, intent, facts);
      if (isPlaced(placed)) for (const one of placed) listeners.push(one);
      else unplaced.push(placed);
    }
    const addresses = placeAddresses(intent, facts);
    const world = { addresses, listeners, certificates: usedCertificates(intent), unplaced };
    this.#last = this.#last !== undefined && sameWorld(this.#last, world) ? this.#last : world;
    return this.#last;
  }

  #judgeAll(intent: Intent, facts: Facts): void {
    let isSame = this.#pools.size === intent.pools.size;
    // Health that is the very map of the last round says nothing new of the members of a pool that is the same too.
    const plain = facts.overrides.size === 0;
    const nothingNew = plain && this.#seen?.plain === true && this.#seen.health === facts.health;
    this.#seen = { health: facts.health, plain };
    for (const pool of intent.pools.values()) {
      const memo = this.#pools.get(pool.name);
      const keys = nothingNew ? NO_KEYS : memo?.keys;
      if (memo?.pool === pool && isCurrent(memo.facts, memo.verdict, keys!, facts)) continue;
      const own = memo?.pool === pool ? memo.keys : memberKeysOf(pool);
      const now = poolFacts(pool, own, facts);
      this.#pools.set(pool.name, { pool, keys: own, facts: now, verdict: judgePool(pool, now) });
      isSame = false;
    }
    // Now and not later: a pool that comes back has missed what was said meanwhile.
    if (this.#pools.size > intent.pools.size) this.#pools = onlyNamed(this.#pools, intent.pools);
    if (isSame && this.#quorumPools === this.#pools.size) return;
    this.#quorumPools = this.#pools.size;
    const quorum = new Map<string, boolean>();
    for (const [name, { verdict }] of this.#pools) {
      quorum.set(name, verdict.quorum);
      if (verdict.byFamily === undefined) continue;
      for (const family of [4, 6] as const)
        quorum.set(quorumKey(name, family), verdict.byFamily[family].quorum);
    }
    this.#quorum = quorum;
  }

  #place(listener: Listener, intent: Intent, facts: Facts): Placed {
    const memo = this.#listeners.get(listener.name);
    if (memo?.listener === listener && this.#isCurrent(memo, intent)) return memo.placed;
    const verdict = this.#pools.get(listener.pool)?.verdict;
    const names = rulePoolNames(listener);
    const rulePools = names.map((name) => this.#pools.get(name)?.verdict);
    const vips = listener.vips.map((name) => intent.vips.get(name));
    const placed = placeListener(
      listener,
      intent,
      facts,
      verdict,
      vips.filter((vip) => vip !== undefined),
      rulePools.filter((one) => one !== undefined),
      this.#sharedSources,
      this.#options,
    );
    this.#listeners.set(listener.name, { listener, vips, verdict, rulePools, rulePoolNames: names, placed });
    return placed;
  }

  #isCurrent(memo: ListenerMemo, intent: Intent): boolean {
    const { listener, vips, rulePools } = memo;
    if (this.#pools.get(listener.pool)?.verdict !== memo.verdict) return false;
    for (let i = 0; i < vips.length; i++) if (intent.vips.get(listener.vips[i]!) !== vips[i]) return false;
    for (let i = 0; i < rulePools.length; i++)
      if (this.#pools.get(memo.rulePoolNames[i]!)?.verdict !== rulePools[i]) return false;
    return true;
  }
}

/** Drops what the configuration no longer names, so that memos cannot grow past it. */
function onlyNamed<T>(memos: Map<string, T>, named: ReadonlyMap<string, unknown>): Map<string, T> {
  return new Map([...memos].filter(([name]) => named.has(name)));
}

function placeListener(
  listener: Listener,
  intent: Intent,
  facts: Facts,
  verdict: PoolVerdict | undefined,
  vips: readonly Vip[],
  rulePools: readonly PoolVerdict[],
  sharedSources: ReadonlyMap<string, string>,
  options: ResolveOptions,
): Placed {
  if (!listener.enabled)
    return { listener: listener.name, reason: 'Disabled', detail: 'disabled in the configuration', keys: [] };
  if (verdict === undefined)
    return {
      listener: listener.name,
      reason: 'NoHealthyMember',
      detail: `no pool "${listener.pool}"`,
      keys: listenerKeysOf(listener, vips),
    };
  const needed = proxyReason(listener, verdict.pool);
  const choice: EngineChoice = chooseEngine(listener, needed, intent, facts.engines, options.engine);
  if (!choice.ok)
    return {
      listener: listener.name,
      reason: 'EngineUnavailable',
      detail: choice.detail,
      keys: listenerKeysOf(listener, vips),
    };
  const proxy = needed !== undefined;
  const { engine, reason: engineReason } = choice;
  return expandListener({ listener, vips, verdict, rulePools, engine, engineReason, proxy, sharedSources });
}

/** By VIP; empty, and without a look at any, where no connection is told to a peer. */
function sharedSources(intent: Intent): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  if ((intent.ha?.sync.peers.length ?? 0) === 0) return sources;
  for (const vip of intent.vips.values()) {
    const source = sharedSourceOf(vip, intent);
    if (source !== undefined) sources.set(vip.name, source);
  }
  return sources;
}

function isPlaced(placed: Placed): placed is readonly WorldListener[] {
  return Array.isArray(placed);
}

/** Everything the choice of engines rests on besides the listener. */
function engineSignature(intent: Intent, facts: Facts): string {
  const { engine, prefer } = intent.dataPlane;
  const known = Object.entries(facts.engines)
    .map(([name, fact]) => `${name}=${fact.available}:${fact.why ?? ''}`)
    .join(';');
  return `${engine} ${prefer} ${known}`;
}

/** Only what a listener or a pool names, in the configuration's order. */
function usedCertificates(intent: Intent): readonly Certificate[] {
  if (intent.certificates.size === 0) return [];
  const used = new Set<string>();
  for (const listener of intent.listeners.values())
    if (listener.enabled) for (const name of listener.tls?.certificates ?? []) used.add(name);
  for (const pool of intent.pools.values())
    if (pool.tls?.certificate !== undefined) used.add(pool.tls.certificate);
  return [...intent.certificates.values()].filter((certificate) => used.has(certificate.name));
}

function sameWorld(a: World, b: World): boolean {
  return (
    sameElements(a.listeners, b.listeners) &&
    sameElements(a.unplaced, b.unplaced) &&
    sameElements(a.certificates, b.certificates) &&
    sameAddresses(a.addresses, b.addresses)
  );
}

function sameAddresses(a: readonly WorldAddress[], b: readonly WorldAddress[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => one.key === b[i]!.key && one.vip === b[i]!.vip && one.carrier === b[i]!.carrier)
  );
}

function sameElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

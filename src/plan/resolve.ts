// Intent and Facts to World. Pure; createResolver() gives the same result and reworks only what changed.
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Listener } from '../model/listener.ts';
import type { Pool } from '../model/pool.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import type { Certificate } from '../model/tls.ts';
import type { World, WorldAddress, WorldListener } from '../model/world.ts';
import { chooseEngine, type EngineChoice, needsProxy } from './choose-engine.ts';
import { expandListener, rulePoolNames, vipsOf } from './expand-listener.ts';
import { judgePool, type PoolFacts, type PoolVerdict, poolFacts } from './judge-pool.ts';
import { placeAddresses } from './place-addresses.ts';

export interface ResolveOptions {
  /** Every listener on this engine, whatever the configuration says (`--engine-override`). */
  readonly engine?: ConcreteEngine;
}

export interface Resolver {
  /** The very same World as last time when nothing that counts has changed. */
  resolve(intent: Intent, facts: Facts): World;
  /** Quorum by pool after the last resolve(): the Facts of the next round. */
  quorum(): ReadonlyMap<string, boolean>;
}

type Unplaced = World['unplaced'][number];
type Placed = readonly WorldListener[] | Unplaced;

export function resolve(intent: Intent, facts: Facts, options: ResolveOptions = {}): World {
  return createResolver(options).resolve(intent, facts);
}

export function createResolver(options: ResolveOptions = {}): Resolver {
  return new MemoResolver(options);
}

interface ListenerMemo {
  readonly inputs: readonly unknown[];
  readonly placed: Placed;
}

class MemoResolver implements Resolver {
  readonly #options: ResolveOptions;
  readonly #verdicts = new WeakMap<Pool, { readonly facts: PoolFacts; readonly verdict: PoolVerdict }>();
  readonly #listeners = new WeakMap<Listener, ListenerMemo>();
  #quorum: Map<string, boolean> = new Map();
  #last: World | undefined;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  quorum(): ReadonlyMap<string, boolean> {
    return this.#quorum;
  }

  resolve(intent: Intent, facts: Facts): World {
    const round = new Map<string, PoolVerdict>();
    for (const pool of intent.pools.values()) round.set(pool.name, this.#judge(pool, facts));
    this.#quorum = new Map([...round].map(([name, verdict]) => [name, verdict.quorum]));

    const engines = engineSignature(facts);
    const listeners: WorldListener[] = [];
    const unplaced: Unplaced[] = [];
    for (const listener of intent.listeners.values()) {
      const placed = this.#place(listener, intent, facts, round, engines);
      if (isPlaced(placed)) for (const one of placed) listeners.push(one);
      else unplaced.push(placed);
    }
    const addresses = placeAddresses(intent, facts);
    const world = { addresses, listeners, certificates: usedCertificates(intent), unplaced };
    this.#last = this.#last !== undefined && sameWorld(this.#last, world) ? this.#last : world;
    return this.#last;
  }

  #judge(pool: Pool, facts: Facts): PoolVerdict {
    const now = poolFacts(pool, facts);
    const memo = this.#verdicts.get(pool);
    if (memo !== undefined && samePoolFacts(memo.facts, now)) return memo.verdict;
    const verdict = judgePool(pool, now);
    this.#verdicts.set(pool, { facts: now, verdict });
    return verdict;
  }

  #place(
    listener: Listener,
    intent: Intent,
    facts: Facts,
    verdicts: ReadonlyMap<string, PoolVerdict>,
    engines: string,
  ): Placed {
    const verdict = verdicts.get(listener.pool);
    const rulePools = rulePoolNames(listener).flatMap((name) => verdicts.get(name) ?? []);
    const vips = vipsOf(listener, intent);
    const { engine, prefer } = intent.dataPlane;
    const inputs = [verdict, engines, engine, prefer, ...vips, ...rulePools];
    const memo = this.#listeners.get(listener);
    if (memo !== undefined && sameElements(memo.inputs, inputs)) return memo.placed;
    const placed = placeListener(listener, intent, facts, verdict, vips, rulePools, this.#options);
    this.#listeners.set(listener, { inputs, placed });
    return placed;
  }
}

function placeListener(
  listener: Listener,
  intent: Intent,
  facts: Facts,
  verdict: PoolVerdict | undefined,
  vips: ReturnType<typeof vipsOf>,
  rulePools: readonly PoolVerdict[],
  options: ResolveOptions,
): Placed {
  if (!listener.enabled)
    return { listener: listener.name, reason: 'Disabled', detail: 'disabled in the configuration' };
  if (verdict === undefined)
    return { listener: listener.name, reason: 'NoHealthyMember', detail: `no pool "${listener.pool}"` };
  const choice: EngineChoice = chooseEngine(listener, verdict.pool, intent, facts.engines, options.engine);
  if (!choice.ok) return { listener: listener.name, reason: 'EngineUnavailable', detail: choice.detail };
  const proxy = needsProxy(listener, verdict.pool);
  const { engine, reason: engineReason } = choice;
  return expandListener({ listener, vips, verdict, rulePools, engine, engineReason, proxy });
}

function isPlaced(placed: Placed): placed is readonly WorldListener[] {
  return Array.isArray(placed);
}

function engineSignature(facts: Facts): string {
  return Object.entries(facts.engines)
    .map(([name, fact]) => `${name}=${fact.available}:${fact.why ?? ''}`)
    .join(';');
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

function samePoolFacts(a: PoolFacts, b: PoolFacts): boolean {
  if (a.heldQuorum !== b.heldQuorum || !sameElements(a.admin, b.admin)) return false;
  return a.health.every((one, i) => {
    const other = b.health[i];
    return (
      one === other ||
      (one?.state === other?.state &&
        one?.factor === other?.factor &&
        one?.dynamicWeight === other?.dynamicWeight &&
        one?.ramp === other?.ramp)
    );
  });
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
  return a.length === b.length && a.every((one, i) => one.key === b[i]!.key && one.vip === b[i]!.vip);
}

function sameElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

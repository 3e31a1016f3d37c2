// The probes in use, kept from one Intent to the next: only pools that changed are asked again what they want asked.
import type { Intent } from '../model/intent.ts';
import type { Pool } from '../model/pool.ts';
import { type Ask, asksOf, listenersByPool, needsIntent, type Probe } from './probe.ts';

export interface TableChange {
  readonly added: readonly Probe[];
  /** Keys of probes. */
  readonly removed: readonly string[];
  /** Every member that was asked about or is now, and changed; with the probes it lived by before. */
  readonly members: ReadonlyMap<string, readonly string[] | undefined>;
}

interface Sharers {
  readonly ask: Ask;
  readonly members: Set<string>;
}

export class ProbeTable {
  readonly #pools = new Map<string, { readonly pool: Pool; readonly asks: readonly Ask[] }>();
  readonly #sharers = new Map<string, Sharers>();
  readonly #probes = new Map<string, Probe>();
  readonly #keys = new Map<string, string[]>();

  get probes(): ReadonlyMap<string, Probe> {
    return this.#probes;
  }

  get members(): ReadonlyMap<string, readonly string[]> {
    return this.#keys;
  }

  set(intent: Intent): TableChange {
    const probes = new Set<string>();
    const members = new Map<string, readonly string[] | undefined>();
    const note = (asks: readonly Ask[]): void => {
      for (const { key, member } of asks) {
        probes.add(key);
        if (!members.has(member)) members.set(member, this.#keys.get(member));
      }
    };
    const put: [Pool, readonly Ask[]][] = [];
    const drop: (readonly Ask[])[] = [];
    for (const [name, { asks }] of this.#pools) if (!intent.pools.has(name)) drop.push(asks);
    const listeners = listenersByPool(intent);
    for (const pool of intent.pools.values()) {
      const before = this.#pools.get(pool.name);
      if (before?.pool === pool && !needsIntent(pool)) continue;
      const asks = asksOf(pool, listeners, intent);
      if (before?.pool === pool && sameAsks(before.asks, asks)) continue;
      if (before !== undefined) drop.push(before.asks);
      put.push([pool, asks]);
    }
    for (const asks of drop) note(asks);
    for (const [, asks] of put) note(asks);
    for (const asks of drop) this.#drop(asks);
    for (const name of this.#pools.keys()) if (!intent.pools.has(name)) this.#pools.delete(name);
    for (const [pool, asks] of put) this.#put(pool, asks);
    return { ...this.#follow(probes), members };
  }

  #drop(asks: readonly Ask[]): void {
    for (const { key, member } of asks) {
      this.#keys.delete(member);
      const sharers = this.#sharers.get(key);
      sharers?.members.delete(member);
      if (sharers?.members.size === 0) this.#sharers.delete(key);
    }
  }

  #put(pool: Pool, asks: readonly Ask[]): void {
    this.#pools.set(pool.name, { pool, asks });
    for (const ask of asks) {
      const { key, member } = ask;
      const keys = this.#keys.get(member);
      if (keys === undefined) this.#keys.set(member, [key]);
      else if (!keys.includes(key)) keys.push(key);
      const sharers = this.#sharers.get(key);
      if (sharers === undefined) this.#sharers.set(key, { ask, members: new Set([member]) });
      else sharers.members.add(member);
    }
  }

  #follow(keys: ReadonlySet<string>): Omit<TableChange, 'members'> {
    const added: Probe[] = [];
    const removed: string[] = [];
    for (const key of keys) {
      const sharers = this.#sharers.get(key);
      if (sharers === undefined) {
        if (this.#probes.delete(key)) removed.push(key);
        continue;
      }
      const { member: _member, ...question } = sharers.ask;
      const probe = { ...question, members: [...sharers.members] };
      if (!this.#probes.has(key)) added.push(probe);
      this.#probes.set(key, probe);
    }
    return { added, removed };
  }
}

function sameAsks(a: readonly Ask[], b: readonly Ask[]): boolean {
  return (
    a.length === b.length && a.every(({ key, member }, i) => key === b[i]!.key && member === b[i]!.member)
  );
}

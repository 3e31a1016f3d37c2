// Which listeners and pools must be looked at: all but those about which nothing was said before and that rest on the very same
// things. A write of the API changes one object of thousands, and all are judged with it.
import { Note } from '../../lib/note.ts';
import type { Intent } from '../../model/intent.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import type { Merged } from '../merge.ts';
import { SECTIONS } from '../merge.ts';
import type { Report } from '../report.ts';
import type { MainDoc } from '../schema/document.ts';

type Users = ReadonlyMap<string, readonly Listener[]>;

/** What the checks of a listener look at besides its own words and the blocks of the node. */
interface ListenerGround {
  readonly main: MainDoc;
  readonly pool: Pool | undefined;
  readonly vips: readonly unknown[];
}

/** The same of a pool. */
interface PoolGround {
  readonly main: MainDoc;
  readonly users: readonly Listener[];
  readonly addresses: string;
}

const LISTENERS = new Note<Listener, ListenerGround>();
const POOLS = new Note<Pool, PoolGround>();
const NOBODY: readonly Listener[] = [];

export class KnownGood {
  /** Of whom something may have to be said. */
  readonly listeners: readonly Listener[];
  readonly pools: readonly Pool[];
  readonly #main: MainDoc;
  readonly #intent: Intent;
  readonly #users: Users;
  readonly #report: Report;
  readonly #addresses: string;
  readonly #isWhole: boolean;
  /** Those of which something was said. */
  readonly #told = new Set<object>();

  constructor(merged: Merged, intent: Intent, users: Users, report: Report) {
    this.#main = merged.main;
    this.#intent = intent;
    this.#users = users;
    this.#report = report;
    this.#addresses = addressesOf(intent);
    // What is said of the one half depends on what the other half would have been.
    this.#isWhole =
      merged.unreadableBlocks.size === 0 &&
      SECTIONS.every((section) => merged.unreadable[section].size === 0);
    this.listeners = [...intent.listeners.values()].filter((one) => !this.#isGoodListener(one));
    this.pools = [...intent.pools.values()].filter((one) => !this.#isGoodPool(one));
  }

  eachListener(check: (listener: Listener) => void): void {
    this.#each(this.listeners, check);
  }

  eachPool(check: (pool: Pool) => void): void {
    this.#each(this.pools, check);
  }

  /** After all checks: whoever had nothing said of them need not be looked at again. */
  keep(): void {
    if (!this.#isWhole) return;
    const main = this.#main;
    for (const one of this.listeners)
      if (!this.#told.has(one))
        LISTENERS.set(one, {
          main,
          pool: this.#intent.pools.get(one.pool),
          vips: one.vips.map((name) => this.#intent.vips.get(name)),
        });
    for (const one of this.pools)
      if (!this.#told.has(one)) {
        const users = this.#users.get(one.name) ?? NOBODY;
        POOLS.set(one, { main, users, addresses: this.#addresses });
      }
  }

  #each<T extends object>(objects: readonly T[], check: (one: T) => void): void {
    const { findings } = this.#report;
    for (const one of objects) {
      const before = findings.length;
      check(one);
      if (findings.length > before) this.#told.add(one);
    }
  }

  #isGoodListener(listener: Listener): boolean {
    const ground = LISTENERS.get(listener);
    if (ground === undefined || !this.#isWhole || ground.main !== this.#main) return false;
    const { pools, vips, certificates } = this.#intent;
    if (ground.pool !== pools.get(listener.pool)) return false;
    const { vips: names, http, tls } = listener;
    for (let i = 0; i < names.length; i++) if (ground.vips[i] !== vips.get(names[i]!)) return false;
    const rules = http?.rules ?? [];
    return (
      rules.every(({ action }) => action.kind !== 'pool' || pools.has(action.pool)) &&
      (tls?.certificates ?? []).every((name) => certificates.has(name))
    );
  }

  #isGoodPool(pool: Pool): boolean {
    const ground = POOLS.get(pool);
    if (ground === undefined || !this.#isWhole || ground.main !== this.#main) return false;
    if (ground.addresses !== this.#addresses) return false;
    const users = this.#users.get(pool.name) ?? NOBODY;
    if (ground.users.length !== users.length) return false;
    for (let i = 0; i < users.length; i++) if (users[i] !== ground.users[i]) return false;
    return pool.tls?.certificate === undefined || this.#intent.certificates.has(pool.tls.certificate);
  }
}

/** One text while the addresses stay: thousands of pools compare theirs with it. */
let sameAddresses = '';

function addressesOf({ vips }: Intent): string {
  const text = [...vips.values()].map(({ address }) => address).join(' ');
  if (text !== sameAddresses) sameAddresses = text;
  return sameAddresses;
}

// The IPVS driver: the kernel balances what the World says. Owns the services it has claimed, the members in them, table
// "inet lbctl" of nftables and the settings it has changed; touches nothing else.

import { formatServiceKey } from '../../kernel/netlink/ipvs-text.ts';
import type { IpvsTableEntry } from '../../kernel/ports.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../../model/driver.ts';
import type { ItemMap, Observed } from '../../model/item.ts';
import { endpointKey, memberItemKey } from '../../model/keys.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import type { IpvsTimeouts } from '../../wire/netlink/ipvs-control.ts';
import type { IpvsStats } from '../../wire/netlink/ipvs-stats.ts';
import { applySteps, type Outside } from './apply.ts';
import { desiredItems } from './desired.ts';
import type { NftEntry } from './nft-entry.ts';
import { EMPTY_MODEL } from './nft-model.ts';
import { entriesOf } from './nft-read.ts';
import { readTable } from './nft-table.ts';
import { toObserved } from './observe.ts';
import { planIpvs } from './plan.ts';
import { toServiceKey } from './service-key.ts';
import { TableCache } from './table-cache.ts';

export interface IpvsDriverOptions extends Outside {
  /** Idle timeouts of connections for the whole machine; absent leaves them alone. */
  readonly timeouts?: IpvsTimeouts;
}

/** Counters of one item with the kernel's own rates, for `show rates` and metrics. */
export interface IpvsItemCounters extends ItemCounters {
  readonly rates: Pick<
    IpvsStats,
    'connectionRate' | 'packetRateIn' | 'packetRateOut' | 'byteRateIn' | 'byteRateOut'
  >;
}

/** What the last look rested on, and what it gave. */
interface Seen {
  readonly table: readonly IpvsTableEntry[];
  readonly nft: ReadonlyMap<string, NftEntry>;
  readonly revision: number;
  readonly small: string;
  readonly observed: Observed;
}

export class IpvsDriver implements Driver {
  readonly name = 'ipvs';
  readonly #options: IpvsDriverOptions;
  readonly #cache: TableCache;
  readonly #wanted = new WeakMap<World, ItemMap>();
  #seen: Seen | undefined;
  #planned: { readonly desired: ItemMap; readonly observed: Observed; readonly plan: DriverPlan } | undefined;
  #nft: { readonly generation: number; readonly entries: ReadonlyMap<string, NftEntry> } | undefined;

  constructor(options: IpvsDriverOptions) {
    this.#options = options;
    this.#cache = new TableCache(options.ipvs);
  }

  /** One World gives one value, one look at an unchanged kernel gives the last value again: a quiet round is a few comparisons. */
  desired(world: World): ItemMap {
    const known = this.#wanted.get(world);
    if (known !== undefined) return known;
    const items = desiredItems(world, this.#options.timeouts);
    this.#wanted.set(world, items);
    return items;
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    const last = this.#planned;
    if (last !== undefined && last.desired === desired && last.observed === observed) return last.plan;
    this.#planned = { desired, observed, plan: planIpvs(this.name, desired, observed) };
    return this.#planned.plan;
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    const { ipvs, registry, sysctl, timeouts } = this.#options;
    signal?.throwIfAborted();
    registry.reload();
    const table = await this.#cache.read();
    signal?.throwIfAborted();
    const nft = await this.#nftEntries();
    const settings = new Map([...registry.settings.keys()].map((name) => [name, sysctl.get(name)]));
    const kernelTimeouts = timeouts === undefined ? undefined : ipvs.timeouts();
    // What is read as text or number each time; the large parts are compared as the values they are.
    const small = stableJson({ settings: [...settings], timeouts: kernelTimeouts });
    const { revision, claims, state } = registry;
    const last = this.#seen;
    if (last?.table === table && last.nft === nft && last.revision === revision && last.small === small)
      return last.observed;
    const observed = toObserved({ table, nft, claims, state, settings, timeouts: kernelTimeouts });
    this.#seen = { table, nft, revision, small, observed };
    return observed;
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    for (const { item } of steps) {
      const key = toServiceKey(item.parent ?? item.key, String(item.fields.through ?? ''));
      if (key !== undefined) this.#cache.forget(formatServiceKey(key));
    }
    return applySteps(this.#options, steps);
  }

  async counters(signal?: AbortSignal): Promise<readonly IpvsItemCounters[]> {
    signal?.throwIfAborted();
    const { ipvs, registry } = this.#options;
    const listenerOf = new Map<string, string>();
    for (const [listener, through] of registry.claims) {
      const key = toServiceKey(listener, through);
      if (key !== undefined) listenerOf.set(formatServiceKey(key), listener);
    }
    const counters: IpvsItemCounters[] = [];
    for (const { service, destinations } of await ipvs.table(true)) {
      const listener = listenerOf.get(formatServiceKey(service.key));
      if (listener === undefined) continue;
      const active = destinations.reduce((sum, row) => sum + row.active, 0);
      const inactive = destinations.reduce((sum, row) => sum + row.inactive, 0);
      counters.push(toCounters(listener, service.stats, active, inactive));
      for (const row of destinations) {
        const key = memberItemKey(listener, endpointKey(row.address, row.port));
        counters.push(toCounters(key, row.stats, row.active, row.inactive));
      }
    }
    return counters;
  }

  /** Read anew only when the ruleset changed. The number is taken first: a change in between is seen next time. */
  async #nftEntries(): Promise<ReadonlyMap<string, NftEntry>> {
    const { nft } = this.#options;
    const generation = nft.generation();
    if (this.#nft?.generation !== generation) {
      this.#nft = { generation, entries: entriesOf((await readTable(nft)) ?? EMPTY_MODEL) };
    }
    return this.#nft.entries;
  }

  /** Leaves the table as it is: traffic flows without us. */
  async close(): Promise<void> {
    this.#options.ipvs.close();
    this.#options.nft.close();
  }
}

function toCounters(
  key: string,
  stats: IpvsStats,
  activeConnections: number,
  inactiveConnections: number,
): IpvsItemCounters {
  const { connections, packetsIn, packetsOut, bytesIn, bytesOut } = stats;
  const { connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut } = stats;
  return {
    key,
    connections,
    activeConnections,
    inactiveConnections,
    packetsIn,
    packetsOut,
    bytesIn,
    bytesOut,
    rates: { connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut },
  };
}

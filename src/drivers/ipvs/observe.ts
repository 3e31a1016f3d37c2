// What the kernel holds, as items: ours by the registry, everything else as foreign.

import { formatServiceKey } from '../../kernel/netlink/ipvs-text.ts';
import type { IpvsTableEntry } from '../../kernel/ports.ts';
import type { RegistryState } from '../../kernel/registry.ts';
import { Note } from '../../lib/note.ts';
import { type FieldValue, type Item, item, type Observed } from '../../model/item.ts';
import { endpointKey, memberItemKey } from '../../model/keys.ts';
import type { IpvsTimeouts } from '../../wire/netlink/ipvs-control.ts';
import { timeoutsItem } from './desired.ts';
import { destinationFields, serviceFields } from './fields.ts';
import type { NftEntry } from './nft-entry.ts';
import { toServiceKey } from './service-key.ts';
import { settingItem } from './settings.ts';

/** Stands among the foreign items while the record of what is ours is lost; plan() reads it. */
export const LOST_KEY = 'registry lost';

export interface Observation {
  readonly table: readonly IpvsTableEntry[];
  readonly nft: ReadonlyMap<string, NftEntry>;
  readonly claims: ReadonlyMap<string, string>;
  readonly state: RegistryState;
  /** Settings we changed and what they are now; undefined is gone from this kernel. */
  readonly settings: ReadonlyMap<string, string | undefined>;
  readonly timeouts: IpvsTimeouts | undefined;
}

export function toObserved(observation: Observation): Observed {
  const items = new Map<string, Item>();
  const foreign = new Map<string, Item>();
  const ownerOf = ownersByService(observation.claims);
  for (const [name, value] of observation.settings)
    if (value !== undefined) put(items, settingItem(name, value));
  for (const entry of observation.table) {
    const owner = ownerOf.get(formatServiceKey(entry.service.key));
    const nft = owner === undefined ? undefined : observation.nft.get(owner.listener);
    const target = owner === undefined ? foreign : items;
    for (const one of entryItems(entry, owner, nft)) put(target, one);
  }
  // Rules of ours without a service: what a crash or a strange hand left. They are removed by their own key.
  for (const key of observation.nft.keys())
    if (!items.has(key)) put(items, item('nft', `nft ${key}`, { listener: key }));
  const ours = items.size > 0;
  if (observation.timeouts !== undefined && ours) put(items, timeoutsItem(observation.timeouts));
  if (observation.state === 'lost') put(foreign, item('registry', LOST_KEY, {}));
  return { items, foreign };
}

interface Owner {
  readonly listener: string;
  readonly through: string;
}

interface Made {
  readonly owner: Owner | undefined;
  readonly nft: NftEntry | undefined;
  readonly items: readonly Item[];
}

/** Items of a service that was not read anew are the very same as last time. */
const made = new Note<IpvsTableEntry, Made>();

function entryItems(
  entry: IpvsTableEntry,
  owner: Owner | undefined,
  nft: NftEntry | undefined,
): readonly Item[] {
  const last = made.get(entry);
  const isSame =
    last !== undefined &&
    last.nft === nft &&
    last.owner?.listener === owner?.listener &&
    last.owner?.through === owner?.through;
  if (isSame) return last.items;
  const items = buildItems(entry, owner, nft);
  made.set(entry, { owner, nft, items });
  return items;
}

function buildItems(
  entry: IpvsTableEntry,
  owner: Owner | undefined,
  nft: NftEntry | undefined,
): readonly Item[] {
  const { service, destinations } = entry;
  const key = owner?.listener ?? formatServiceKey(service.key);
  const through = owner?.through ?? '';
  const items = [item('listener', key, { ...serviceFields(service), ...nftFields(through, nft) })];
  for (const row of destinations) {
    const member = memberItemKey(key, endpointKey(row.address, row.port));
    const fields = destinationFields(row);
    items.push(item('member', member, through === '' ? fields : { ...fields, through }, key));
  }
  return items;
}

function ownersByService(claims: ReadonlyMap<string, string>): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const [listener, through] of claims) {
    if (through === '') owners.set(listener, { listener, through });
    else {
      const key = toServiceKey(listener, through);
      if (key !== undefined) owners.set(formatServiceKey(key), { listener, through });
    }
  }
  return owners;
}

/** The nftables side of a listener. A range whose rule is gone shows no `through`, so that it is put back. */
function nftFields(through: string, entry: NftEntry | undefined): Record<string, FieldValue> {
  const isMarked = through !== '' && entry?.mark === Number.parseInt(through.replace('mark 0x', ''), 16);
  return {
    ...(isMarked ? { through } : {}),
    ...(entry?.sources === undefined
      ? {}
      : { source: entry.sources.length === 0 ? 'own' : entry.sources.join(',') }),
    ...(entry?.allowed === undefined
      ? {}
      : { allowed: entry.allowed.length === 0 ? 'none' : entry.allowed.join(',') }),
    ...(entry?.maxConnections === undefined ? {} : { maxConnections: entry.maxConnections }),
  };
}

function put(items: Map<string, Item>, one: Item): void {
  items.set(one.key, one);
}

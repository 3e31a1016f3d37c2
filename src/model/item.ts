// The one shape in which every driver shows what should be and what is: keyed items with flat fields.
// diff, guards, goldens, `plan --against FILE`, history and support bundles all work on it.

import type { Reason } from './reason.ts';

export type FieldValue = string | number | boolean;
export type Fields = Readonly<Record<string, FieldValue>>;

export interface Item {
  /** `address`, `listener`, `member`, or a word of the driver's own (`nft-set`, `certificate`). */
  readonly kind: string;
  /** Unique in the driver: `tcp/192.0.2.10:80` for a listener, `tcp/192.0.2.10:80 > 10.0.0.1:80` for a member. */
  readonly key: string;
  /** Key of the item it lives in. */
  readonly parent?: string;
  readonly fields: Fields;
}

/** Items by key, in a stable order. */
export type ItemMap = ReadonlyMap<string, Item>;

/** What a data plane decided by itself about something it carries as wanted. */
export interface Judgement {
  readonly reason: Reason;
  readonly sinceMs: number;
}

export interface Observed {
  /** What the driver can prove is ours. */
  readonly items: ItemMap;
  /** On a key of ours, made by somebody else: a conflict unless adopted. */
  readonly foreign: ItemMap;
  /** Members it sends nothing to though their row says otherwise, by item key. */
  readonly judged?: ReadonlyMap<string, Judgement>;
}

export const EMPTY_OBSERVED: Observed = { items: new Map(), foreign: new Map() };

/**
 * Never written to, as one item is shared between rounds and compared by identity first. Its type says so; freezing every one
 * would cost a tenth of a large plan.
 */
export function item(kind: string, key: string, fields: Fields, parent?: string): Item {
  return parent === undefined ? { kind, key, fields } : { kind, key, parent, fields };
}

export function itemMap(items: Iterable<Item>): ItemMap {
  const map = new Map<string, Item>();
  for (const one of items) map.set(one.key, one);
  return map;
}

// What `nft -j list table` says, as our model, and which listener each element belongs to.
import type { NftObject } from '../../kernel/ports.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { listenerKey, markKey } from '../../model/keys.ts';
import type { Transport } from '../../model/protocol.ts';
import type { Chain, Hook } from './nft-base.ts';
import type { NftEntry, NftTarget } from './nft-entry.ts';
import type { Element, NftModel } from './nft-model.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function readModel(objects: readonly NftObject[]): NftModel {
  const chains = new Map<string, { hook?: Hook; rules: string[] }>();
  const maps = new Map<string, Map<string, Element>>();
  for (const object of objects) {
    if (object.chain !== undefined) {
      const { name, type, hook, prio } = object.chain as { name: string } & Partial<Hook>;
      chains.set(name, {
        ...(type === undefined ? {} : { hook: { type, hook: hook!, prio: prio! } }),
        rules: [],
      });
    } else if (object.rule !== undefined) {
      const { chain, expr } = object.rule as { chain: string; expr: unknown };
      chains.get(chain)?.rules.push(stableJson(expr));
    } else if (object.map !== undefined) {
      const { name, elem = [] } = object.map as { name: string; elem?: [unknown, unknown][] };
      maps.set(name, new Map(elem.map(([key, value]) => [stableJson(key), { key, value }])));
    }
  }
  return { chains, maps };
}

/** Entries by listener key. Elements that no listener key can stand for get a key of their own, so that they are seen. */
export function entriesOf(model: NftModel): ReadonlyMap<string, NftEntry> {
  const entries = new Map<string, Mutable<NftEntry>>();
  for (const [name, elements] of model.maps) {
    const family = name.endsWith('6') ? 6 : 4;
    for (const { key, value } of elements.values()) {
      const target = toTarget(key, family);
      if (target === undefined) continue;
      const listener = keyOfTarget(target);
      const entry = entries.get(listener) ?? { target };
      entries.set(listener, entry);
      readInto(entry, value, model.chains);
    }
  }
  return entries;
}

export function keyOfTarget(target: NftTarget): string {
  return target.kind === 'mark'
    ? markKey(target.mark, target.family)
    : listenerKey(target.protocol, target.address, target.portFrom, target.portTo);
}

function toTarget(key: unknown, family: 4 | 6): NftTarget | undefined {
  if (typeof key === 'number') return { kind: 'mark', family, mark: key };
  const parts = (key as { concat?: unknown[] }).concat;
  if (parts?.length !== 3) return undefined;
  const [protocol, address, port] = parts as [Transport, string, number | { range: [number, number] }];
  const [portFrom, portTo] = typeof port === 'number' ? [port, port] : port.range;
  return { kind: 'address', family, protocol, address, portFrom, portTo };
}

function readInto(entry: Mutable<NftEntry>, value: unknown, chains: ReadonlyMap<string, Chain>): void {
  if (typeof value === 'number') {
    entry.mark = value;
    return;
  }
  const verdict = value as { jump?: { target: string }; goto?: { target: string } };
  const name = verdict.jump?.target ?? verdict.goto?.target ?? '';
  const rules = (chains.get(name)?.rules ?? []).map((rule) => JSON.parse(rule) as NftObject[]);
  if (name.startsWith('allow_')) entry.allowed = readAllowed(rules);
  else if (name.startsWith('limit_')) entry.maxConnections = readLimit(rules);
  else if (name === 'masquerade') entry.sources = [];
  else if (name.startsWith('snat_')) entry.sources = readSources(rules);
}

/** Without the drop at the end the list admits all, which no wanted list says: it reads as empty and is repaired. */
function readAllowed(rules: readonly (readonly NftObject[])[]): readonly string[] {
  const networks: string[] = [];
  let drops = false;
  for (const rule of rules) {
    const match = rule[0]?.match as { right?: unknown } | undefined;
    if (match !== undefined) networks.push(networkText(match.right));
    else if (rule[0] !== undefined && 'drop' in rule[0]) drops = true;
  }
  return drops ? networks.sort() : [];
}

function networkText(right: unknown): string {
  if (typeof right === 'string') return `${right}/${right.includes(':') ? 128 : 32}`;
  const { prefix } = right as { prefix?: { addr: string; len: number } };
  return prefix === undefined ? stableJson(right) : `${prefix.addr}/${prefix.len}`;
}

function readLimit(rules: readonly (readonly NftObject[])[]): number {
  const count = rules[0]?.[1]?.['ct count'] as { val?: number } | undefined;
  return count?.val ?? 0;
}

function readSources(rules: readonly (readonly NftObject[])[]): readonly string[] {
  const snat = rules[0]?.[0]?.snat as { addr?: unknown } | undefined;
  if (typeof snat?.addr === 'string') return [snat.addr];
  const data = (snat?.addr as { map?: { data?: { set?: [number, string][] } } } | undefined)?.map?.data;
  return (data?.set ?? []).map(([, address]) => address);
}

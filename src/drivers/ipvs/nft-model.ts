// Our nftables table as a value: chains with their rules, maps with their elements. Built from what listeners need.
import { createHash } from 'node:crypto';
import type { NftObject } from '../../kernel/ports.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { BASE_CHAINS, type Chain } from './nft-base.ts';
import type { NftEntry, NftTarget } from './nft-entry.ts';

export const TABLE_FAMILY = 'inet';
export const TABLE_NAME = 'lbctl';

export interface Element {
  readonly key: unknown;
  readonly value: unknown;
}

export interface NftModel {
  readonly chains: ReadonlyMap<string, Chain>;
  /** Map name to elements, by the JSON of their key. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, Element>>;
}

export const EMPTY_MODEL: NftModel = { chains: new Map(), maps: new Map() };

/** What a map is for; the family is appended: `allow4`, `marknat6`. */
export const MAP_USES = ['allow', 'limit', 'mark', 'nat', 'markallow', 'marklimit', 'marknat'] as const;
export type MapUse = (typeof MAP_USES)[number];

export function buildModel(entries: Iterable<NftEntry>): NftModel {
  const chains = new Map<string, Chain>();
  const maps = new Map<string, Map<string, Element>>();
  const put = (entry: NftEntry, use: 'allow' | 'limit' | 'nat' | 'mark', value: unknown): void => {
    const { target } = entry;
    const name = `${target.kind === 'mark' ? `mark${use}` : use}${target.family}`;
    const key = elementKey(target);
    const elements = maps.get(name) ?? new Map<string, Element>();
    elements.set(stableJson(key), { key, value });
    maps.set(name, elements);
  };
  for (const entry of entries) {
    const { family } = entry.target;
    if (entry.mark !== undefined) put(entry, 'mark', entry.mark);
    if (entry.allowed !== undefined) {
      const name = chainName('allow', [family, ...entry.allowed]);
      chains.set(name, { rules: allowRules(entry.allowed, family) });
      put(entry, 'allow', { jump: { target: name } });
    }
    if (entry.maxConnections !== undefined) {
      const name = chainName('limit', [stableJson(entry.target), entry.maxConnections]);
      chains.set(name, { rules: limitRules(entry.maxConnections) });
      put(entry, 'limit', { jump: { target: name } });
    }
    if (entry.sources !== undefined) {
      const name = entry.sources.length === 0 ? 'masquerade' : chainName('snat', [family, ...entry.sources]);
      chains.set(name, { rules: sourceRules(entry.sources, family) });
      put(entry, 'nat', { goto: { target: name } });
    }
  }
  for (const base of BASE_CHAINS) {
    const rules = base.rules.filter(({ map }) => maps.has(map)).map(({ expr }) => stableJson(expr));
    if (rules.length > 0) chains.set(base.name, { hook: base.hook, rules });
  }
  return { chains, maps };
}

/** `tcp . 192.0.2.10 . 8000-8100`, or the mark alone. */
function elementKey(target: NftTarget): unknown {
  if (target.kind === 'mark') return target.mark;
  const port =
    target.portFrom === target.portTo ? target.portFrom : { range: [target.portFrom, target.portTo] };
  return { concat: [target.protocol, target.address, port] };
}

/** Named after what it holds, so that listeners with the same list share a chain. */
function chainName(use: string, content: readonly unknown[]): string {
  return `${use}_${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)}`;
}

function allowRules(networks: readonly string[], family: 4 | 6): readonly string[] {
  const left = { payload: { protocol: family === 4 ? 'ip' : 'ip6', field: 'saddr' } };
  const accept = networks.map((network) => [
    { match: { op: '==', left, right: networkValue(network) } },
    { return: null },
  ]);
  return [...accept, [{ drop: null }]].map((rule) => stableJson(rule));
}

/** nft lists a host as a bare address. */
function networkValue(network: string): unknown {
  const [addr, len] = network.split('/') as [string, string];
  const bits = addr.includes(':') ? '128' : '32';
  return len === bits ? addr : { prefix: { addr, len: Number(len) } };
}

function limitRules(count: number): readonly string[] {
  const isNew = { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'new' } };
  return [stableJson([isNew, { 'ct count': { val: count, inv: true } }, { drop: null }])];
}

/** Several addresses are shared out by a hash of the client, so that one client keeps one address. */
function sourceRules(sources: readonly string[], family: 4 | 6): readonly string[] {
  if (sources.length === 0) return [stableJson([{ masquerade: null }])];
  const protocol = family === 4 ? 'ip' : 'ip6';
  const [only] = sources;
  if (sources.length === 1) return [stableJson([{ snat: { family: protocol, addr: only } }])];
  const expr = {
    concat: [{ payload: { protocol, field: 'saddr' } }, { payload: { protocol: 'th', field: 'sport' } }],
  };
  const key = { jhash: { mod: sources.length, expr } };
  const data = { set: sources.map((address, index) => [index, address]) };
  return [stableJson([{ snat: { family: protocol, addr: { map: { key, data } } } }])];
}

/** The definition of a map, as `nft -j` takes it. */
export function mapDefinition(name: string): NftObject {
  const common = { family: TABLE_FAMILY, table: TABLE_NAME, name };
  if (name.startsWith('mark') && !/^mark[46]$/.test(name)) return { ...common, type: 'mark', map: 'verdict' };
  const address = name.endsWith('4') ? 'ipv4_addr' : 'ipv6_addr';
  const map = name.startsWith('mark') ? 'mark' : 'verdict';
  return { ...common, type: ['inet_proto', address, 'inet_service'], map, flags: ['interval'] };
}

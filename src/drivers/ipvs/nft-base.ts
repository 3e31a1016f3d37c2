// The chains of our table that hang in the kernel's hooks, and the lookups in them. Only those with work are made.
export interface Hook {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: 'prerouting' | 'input' | 'output' | 'postrouting';
  readonly prio: number;
}

export interface Chain {
  readonly hook?: Hook;
  /** Each the stable JSON of one rule's expressions. */
  readonly rules: readonly string[];
}

interface BaseChain {
  readonly name: string;
  readonly hook: Hook;
  /** A rule is there while the map it looks into has elements. */
  readonly rules: readonly { readonly map: string; readonly expr: unknown }[];
}

const FAMILIES = [4, 6] as const;
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
const PROTOCOL_OF = { 4: 'ip', 6: 'ip6' } as const;

const l4proto = { meta: { key: 'l4proto' } };
const mark = { meta: { key: 'mark' } };

function destination(family: 4 | 6): unknown {
  const address = { payload: { protocol: PROTOCOL_OF[family], field: 'daddr' } };
  return { concat: [l4proto, address, { payload: { protocol: 'th', field: 'dport' } }] };
}

/** What the client sent to, whatever IPVS has made of the packet since. */
function originalDestination(family: 4 | 6): unknown {
  const address = { ct: { key: `${PROTOCOL_OF[family]} daddr`, dir: 'original' } };
  return { concat: [l4proto, address, { ct: { key: 'proto-dst', dir: 'original' } }] };
}

function isFamily(family: 4 | 6): unknown {
  return { match: { op: '==', left: { meta: { key: 'nfproto' } }, right: `ipv${family}` } };
}

function lookUp(map: string, key: unknown): unknown {
  return { vmap: { key, data: `@${map}` } };
}

function byDestination(use: 'allow' | 'limit', family: 4 | 6): { map: string; expr: unknown } {
  const map = `${use}${family}`;
  return { map, expr: [lookUp(map, destination(family))] };
}

function byMark(use: 'allow' | 'limit' | 'nat', family: 4 | 6): { map: string; expr: unknown } {
  const map = `mark${use}${family}`;
  return { map, expr: [isFamily(family), lookUp(map, mark)] };
}

function setMark(family: 4 | 6): { map: string; expr: unknown } {
  const map = `mark${family}`;
  return {
    map,
    expr: [{ mangle: { key: mark, value: { map: { key: destination(family), data: `@${map}` } } } }],
  };
}

/** nft knows the type of a tracked port only behind a match on the protocol, hence three rules on one map. */
function sourceOf(family: 4 | 6): { map: string; expr: unknown }[] {
  const map = `nat${family}`;
  return PROTOCOLS.map((protocol) => ({
    map,
    expr: [{ match: { op: '==', left: l4proto, right: protocol } }, lookUp(map, originalDestination(family))],
  }));
}

export const BASE_CHAINS: readonly BaseChain[] = [
  {
    // Behind connection tracking (-200), before marking.
    name: 'guard',
    hook: { type: 'filter', hook: 'prerouting', prio: -160 },
    rules: FAMILIES.flatMap((family) => [byDestination('allow', family), byDestination('limit', family)]),
  },
  {
    // Where the marks of others are set at last, and before IPVS (98).
    name: 'guard_mark',
    hook: { type: 'filter', hook: 'input', prio: -10 },
    rules: FAMILIES.flatMap((family) => [byMark('allow', family), byMark('limit', family)]),
  },
  { name: 'mark', hook: { type: 'filter', hook: 'prerouting', prio: -150 }, rules: FAMILIES.map(setMark) },
  {
    // Clients on this very node.
    name: 'mark_local',
    hook: { type: 'route', hook: 'output', prio: -150 },
    rules: FAMILIES.map(setMark),
  },
  {
    // IPVS sends its packets through here after it has changed their destination.
    name: 'source',
    hook: { type: 'nat', hook: 'postrouting', prio: 100 },
    rules: FAMILIES.flatMap((family) => [...sourceOf(family), byMark('nat', family)]),
  },
];

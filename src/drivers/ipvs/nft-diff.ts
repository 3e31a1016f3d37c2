// From one state of our table to another, as one transaction of nft commands. Order matters: nft refuses to delete a chain
// that an element still names, or to name one that is not there.
import type { NftObject } from '../../kernel/ports.ts';
import type { Chain } from './nft-base.ts';
import { type Element, mapDefinition, type NftModel, TABLE_FAMILY, TABLE_NAME } from './nft-model.ts';

const TABLE = { family: TABLE_FAMILY, name: TABLE_NAME };
const IN_TABLE = { family: TABLE_FAMILY, table: TABLE_NAME };

/** `before` is undefined where the table does not exist. An empty `after` takes the table away. */
export function diffModels(before: NftModel | undefined, after: NftModel): readonly NftObject[] {
  if (after.chains.size === 0) return before === undefined ? [] : [{ delete: { table: TABLE } }];
  const from = before ?? { chains: new Map<string, Chain>(), maps: new Map<string, Map<string, Element>>() };
  const body = [
    ...newMaps(from, after),
    ...newChains(from, after),
    ...elements(from, after, 'delete'),
    ...elements(from, after, 'add'),
    ...changedRules(from, after),
    ...oldChains(from, after),
    ...oldMaps(from, after),
  ];
  if (before !== undefined) return body;
  return [{ add: { table: TABLE } }, ...body];
}

function newMaps(before: NftModel, after: NftModel): NftObject[] {
  return [...after.maps.keys()]
    .filter((name) => !before.maps.has(name))
    .map((name) => ({ add: { map: mapDefinition(name) } }));
}

function newChains(before: NftModel, after: NftModel): NftObject[] {
  return [...after.chains]
    .filter(([name]) => !before.chains.has(name))
    .map(([name, { hook }]) => ({
      add: { chain: { ...IN_TABLE, name, ...(hook === undefined ? {} : { ...hook, policy: 'accept' }) } },
    }));
}

/** Of maps that stay: what is gone or changed is deleted, what is new or changed is added. */
function elements(before: NftModel, after: NftModel, verb: 'add' | 'delete'): NftObject[] {
  const commands: NftObject[] = [];
  for (const name of new Set([...before.maps.keys(), ...after.maps.keys()])) {
    const had = before.maps.get(name) ?? new Map<string, Element>();
    const wanted = after.maps.get(name) ?? new Map<string, Element>();
    const [source, other] = verb === 'add' ? [wanted, had] : [had, wanted];
    const elem = [...source]
      .filter(([key, element]) => !sameValue(element, other.get(key)))
      .map(([, { key, value }]) => [key, value]);
    if (elem.length > 0) commands.push({ [verb]: { element: { ...IN_TABLE, name, elem } } });
  }
  return commands;
}

function sameValue(a: Element, b: Element | undefined): boolean {
  return b !== undefined && JSON.stringify(a.value) === JSON.stringify(b.value);
}

function changedRules(before: NftModel, after: NftModel): NftObject[] {
  const commands: NftObject[] = [];
  for (const [chain, { rules }] of after.chains) {
    const had = before.chains.get(chain)?.rules;
    if (had !== undefined && had.length === rules.length && had.every((rule, i) => rule === rules[i]))
      continue;
    if (had !== undefined && had.length > 0)
      commands.push({ flush: { chain: { ...IN_TABLE, name: chain } } });
    for (const rule of rules)
      commands.push({ add: { rule: { ...IN_TABLE, chain, expr: JSON.parse(rule) } } });
  }
  return commands;
}

function oldChains(before: NftModel, after: NftModel): NftObject[] {
  const gone = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  // Emptied first: a rule may name a map or chain that goes in the same transaction.
  return [
    ...gone.map((name) => ({ flush: { chain: { ...IN_TABLE, name } } })),
    ...gone.map((name) => ({ delete: { chain: { ...IN_TABLE, name } } })),
  ];
}

function oldMaps(before: NftModel, after: NftModel): NftObject[] {
  return [...before.maps.keys()]
    .filter((name) => !after.maps.has(name))
    .map((name) => ({ delete: { map: { ...IN_TABLE, name } } }));
}

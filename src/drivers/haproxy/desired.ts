// World to items, and what stands behind each: a block of text for listeners and pools, a source for certificates.

import type { HttpOptions } from '../../model/http.ts';
import { type Fields, type FieldValue, type Item, item } from '../../model/item.ts';
import { endpointKey, memberItemKey, poolKey } from '../../model/keys.ts';
import type { Certificate } from '../../model/tls.ts';
import type { World, WorldListener, WorldMember, WorldPool } from '../../model/world.ts';
import { toBlocks } from './blocks.ts';
import { type Group, ItemGroups } from './item-groups.ts';
import { entryItems, type FilledList } from './lists.ts';
import { certificateKey, digest, fileKey, type Places } from './names.ts';
import type { Block, NeededFile } from './record-types.ts';
import { groupRules } from './render/rule-groups.ts';
import { scaleWeight, weightScale } from './weights.ts';

/** What a step of this item writes. Items are made here and nowhere else, so a step always finds its own. */
export interface Behind {
  readonly block?: Block;
  /** The container and its members, as they stand among the wanted. */
  readonly group?: Group;
  /** Of all its lists. */
  readonly entries?: Group;
  /** What the lists of the block hold when a reload reads them. */
  readonly lists?: readonly FilledList[];
  /** Why the listener cannot be written: told by its own step, the others go on. */
  readonly fault?: unknown;
  readonly certificate?: Certificate;
  readonly path?: string;
}

const behind = new WeakMap<Item, Behind>();
interface Made {
  readonly places: Places;
  readonly groups: readonly Group[];
  readonly needs: readonly NeededFile[];
}
const kept = new WeakMap<WorldListener, Made>();

export function behindOf(wanted: Item): Behind | undefined {
  return behind.get(wanted);
}

/** `before`: of a World that may hold much of the same. */
export function desiredItems(world: World, places: Places, before?: ItemGroups): ItemGroups {
  const groups: Group[] = [];
  const needed = new Map<string, NeededFile>();
  for (const listener of world.listeners) {
    if (listener.engine !== 'haproxy') continue;
    const made = madeOf(listener, places);
    groups.push(...made.groups);
    for (const file of made.needs) needed.set(`${file.kind} ${file.name}`, file);
  }
  groups.push(fileItems(needed.values(), world.certificates, before));
  return ItemGroups.of(groups, before);
}

function fileItems(
  needed: Iterable<NeededFile>,
  certificates: readonly Certificate[],
  before: ItemGroups | undefined,
): Group {
  const byName = new Map(certificates.map((one) => [one.name, one]));
  return [...needed].map(({ kind, name }) => {
    const isFile = kind === 'file';
    const key = isFile ? fileKey(name) : certificateKey(name);
    const certificate = isFile ? undefined : byName.get(name);
    const known = before?.get(key);
    if (known !== undefined && behind.get(known)?.certificate === certificate) return known;
    // "current" is what observe() finds out by reading the source: a pure function cannot.
    const one = item(kind, key, { current: true });
    behind.set(one, isFile ? { path: name } : certificate === undefined ? {} : { certificate });
    return one;
  });
}

/** A listener that has not changed is the same object in the next World. */
function madeOf(listener: WorldListener, places: Places): Made {
  const found = kept.get(listener);
  if (found?.places === places) return found;
  const groups = buildGroups(listener, places);
  const needs = groups.flatMap(([one]) => behind.get(one!)?.block?.needs ?? []);
  const made = { places, groups, needs };
  kept.set(listener, made);
  return made;
}

function buildGroups(listener: WorldListener, places: Places): readonly Group[] {
  const pools = listener.layer7?.rulePools.filter((pool) => pool.name !== listener.pool) ?? [];
  const own = memberItems(listener.key, listener.members);
  const inPools = pools.map((pool) => memberItems(poolKey(listener.key, pool.name), pool.members));
  let blocks: ReturnType<typeof toBlocks> | undefined;
  let fault: unknown;
  try {
    blocks = toBlocks(listener, pools, places);
  } catch (error) {
    fault = error;
  }
  const groups: Group[] = [];
  const push = (one: Item, index: number, members: readonly Item[]) => {
    const texts = blocks?.[index];
    const group = [one, ...members];
    groups.push(group);
    if (texts === undefined) return void behind.set(one, { fault, group });
    const { filled, ...block } = texts;
    const lists = filled.map(({ entries: _, ...list }) => list);
    const entries = entryItems(one.key, filled);
    if (entries.length > 0) groups.push(entries);
    const made = { ...block, item: one, lists, firstMembers: members };
    behind.set(one, { block: made, group, entries, lists: filled });
  };
  const section = (index: number) => sectionHash(blocks?.[index], fault);
  const ownSection = places.asked === undefined ? section(0) : digest(`${places.asked} ${section(0)}`);
  push(item('listener', listener.key, listenerFields(listener, ownSection)), 0, own);
  pools.forEach((pool, index) => {
    const key = poolKey(listener.key, pool.name);
    const fields = { ...poolFields(pool.options), section: section(index + 1) };
    push(item('pool', key, fields, listener.key), index + 1, inPools[index]!);
  });
  return groups;
}

/** Covers what no other field says, and a release of ours that writes the same wish in other words. */
function sectionHash(texts: ReturnType<typeof toBlocks>[number] | undefined, fault: unknown): string {
  if (texts === undefined) return `fault ${String(fault)}`;
  const { frontend, backend, certificateList } = texts;
  return digest([frontend, backend.text, backend.serverOptions, certificateList].join('\0'));
}

function memberItems(container: string, members: readonly WorldMember[]): readonly Item[] {
  const scale = weightScale(members);
  return members
    .filter((member) => member.present)
    .map((member) =>
      item('member', memberItemKey(container, member.key), memberFields(member, scale), container),
    );
}

/** Of those without weight, these still serve who is theirs already; any other failed or was taken out. */
const DRAINING = new Set(['AdminDrain', 'ZeroWeight', 'Draining']);

function memberFields(member: WorldMember, scale: number): Fields {
  const weight = scaleWeight(member.effectiveWeight, scale);
  const serves = weight > 0 || DRAINING.has(member.reason);
  return {
    address: member.address,
    port: member.port,
    weight,
    state: serves ? 'ready' : 'maint',
    ...(member.maxConnections > 0 ? { maxConnections: member.maxConnections } : {}),
    ...(member.resetFlows ? { resetFlows: true } : {}),
  };
}

function listenerFields(listener: WorldListener, section: string): Fields {
  const { limits, persistence, layer7 } = listener;
  const fields: Record<string, FieldValue> = { protocol: listener.protocol, scheduler: listener.scheduler };
  if (listener.schedulerFlags.length > 0) fields.flags = listener.schedulerFlags.join(',');
  if (listener.schedulerKey !== undefined) fields.schedulerKey = listener.schedulerKey;
  if (persistence !== undefined) flatten('persistence', persistence, fields);
  for (const [name, value] of Object.entries(limits)) if (value > 0) fields[`limits.${name}`] = value;
  if (layer7 !== undefined) {
    if (layer7.acceptProxy) fields.acceptProxy = true;
    flatten('timeouts', layer7.timeouts, fields);
    flatten('tls', layer7.tls, fields);
    flatten('http', withoutListed(layer7.http), fields);
    if (layer7.raw.length > 0) fields.raw = layer7.raw.join('\n');
    Object.assign(fields, poolFields(layer7.poolOptions));
  }
  if (listener.adopt) fields.adopt = true;
  fields.section = section;
  return fields;
}

/** Rules whose values are entries of lists are no fields: the entries are items. */
function withoutListed(http: HttpOptions | undefined): HttpOptions | undefined {
  if (http === undefined) return undefined;
  const rules = groupRules(http.rules).flatMap((group) => (group.kind === 'rule' ? [group.rule] : []));
  return { ...http, rules };
}

/** `slowStartMs` is not here: the ramp comes with the weights, one judge for the whole product. */
function poolFields({ sendProxy, maxQueue, tls, passive }: WorldPool['options']): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  if (sendProxy !== 0) fields.sendProxy = sendProxy;
  if (maxQueue > 0) fields.maxQueue = maxQueue;
  flatten('memberTls', tls, fields);
  flatten('passive', passive, fields);
  return fields;
}

/** Nested options by dotted names, so that a difference shows as the one word that changed. */
function flatten(name: string, value: unknown, into: Record<string, FieldValue>): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') into[name] = value as FieldValue;
  else if (!Array.isArray(value))
    for (const [key, inner] of Object.entries(value)) flatten(`${name}.${key}`, inner, into);
  else if (value.some((one) => typeof one === 'object'))
    into[name] = value.map((one) => one.name ?? JSON.stringify(one)).join(',');
  else if (value.length > 0) into[name] = value.join(',');
}

/** For conflicts: what a listener of somebody else on the same place looks like. */
export function placeOf(address: string, port: number): string {
  return endpointKey(address, port);
}

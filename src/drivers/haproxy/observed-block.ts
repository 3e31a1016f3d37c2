// What the worker shows of one listener or pool, made anew only where something of it changed: of thousands a round changes one.
import { type FieldValue, type Item, type ItemMap, item } from '../../model/item.ts';
import { behindOf } from './desired.ts';
import type { Group } from './item-groups.ts';
import { entryItem } from './lists.ts';
import { backendName, frontendName, TLS_KEEPER } from './names.ts';
import type { Record } from './record.ts';
import type { Block } from './record-types.ts';
import { isWatched } from './render/backend.ts';
import { serverPlace } from './render/render.ts';
import type { BackendServers, LiveServer } from './servers.ts';
import type { WorkerState } from './worker-state.ts';

export interface ShownBlock {
  /** The container and its members; the very group that is wanted where nothing differs. */
  readonly group: Group;
  /** For how many seconds HAProxy sends nothing to whom, as its watching of traffic says. */
  readonly out: readonly (readonly [member: string, seconds: number])[];
  readonly strays: readonly Stray[];
}

/** A server of ours, `backend/server`, that no record knows. */
export interface Stray {
  readonly container: string;
  readonly backend: string;
  readonly server: string;
}

/** What it was made of. */
interface Kept extends ShownBlock {
  readonly stamp: number;
  readonly servers: BackendServers | undefined;
  /** Made anew together with the wanted members of it. */
  readonly wanted: Item | undefined;
}

const kept = new WeakMap<Block, Kept>();

export function showBlock(block: Block, record: Record, wanted: ItemMap, state: WorkerState): ShownBlock {
  const { key } = block.item;
  const { backend } = namesOf(block.item);
  const made = { stamp: record.stamp(key), servers: state.servers.get(backend), wanted: wanted.get(key) };
  const before = kept.get(block);
  if (
    before !== undefined &&
    before.stamp === made.stamp &&
    before.servers === made.servers &&
    before.wanted === made.wanted
  )
    return before;
  const now = { ...made, ...toShown(block, made.servers, record.members(key), wanted) };
  kept.set(block, now);
  return now;
}

function toShown(
  block: Block,
  servers: BackendServers | undefined,
  recorded: ReadonlyMap<string, Item>,
  wanted: ItemMap,
): ShownBlock {
  const { item: one } = block;
  const { backend } = namesOf(one);
  const live = servers?.byName ?? new Map<string, LiveServer>();
  const members: Item[] = [];
  const out: [string, number][] = [];
  for (const member of recorded.values()) {
    const server = live.get(serverPlace(member).name);
    if (server === undefined) continue;
    members.push(observedMember(member, server, wanted));
    if (server.outForSeconds !== undefined && isWatched(block.backend))
      out.push([member.key, server.outForSeconds]);
  }
  const container = wanted.get(one.key);
  return {
    group: asWanted([same(one, wanted), ...members], container && behindOf(container)?.group),
    out,
    strays: live.size > members.length ? straysOf(one.key, backend, live, recorded) : [],
  };
}

/** The wanted group itself where all are the same, and its order where the keys are: a plan looks only at what is left. */
function asWanted(found: Group, wanted: Group | undefined): Group {
  if (wanted?.length !== found.length) return found;
  const byKey = new Map(found.map((one) => [one.key, one]));
  const inOrder = wanted.flatMap(({ key }) => byKey.get(key) ?? []);
  if (inOrder.length < wanted.length) return found;
  return inOrder.every((one, at) => one === wanted[at]) ? wanted : inOrder;
}

/** Entries of its lists: the worker tells all of them each time. */
export function showEntries({ item: one, lists }: Block, wanted: ItemMap, state: WorkerState): Group {
  const found = lists.flatMap((list) =>
    [...(state.lists.get(list.path) ?? [])].map(([value, backend]) =>
      same(entryItem(one.key, list, value, backend), wanted),
    ),
  );
  const container = wanted.get(one.key);
  return asWanted(found, container && behindOf(container)?.entries);
}

/** Of containers: they stay the same from round to round. */
const names = new WeakMap<Item, { readonly frontend: string; readonly backend: string }>();

export function namesOf(container: Item): { readonly frontend: string; readonly backend: string } {
  let made = names.get(container);
  if (made === undefined) {
    made = { frontend: frontendName(container.key), backend: backendName(container.key) };
    names.set(container, made);
  }
  return made;
}

function straysOf(
  container: string,
  backend: string,
  servers: ReadonlyMap<string, LiveServer>,
  members: ReadonlyMap<string, Item>,
): readonly Stray[] {
  const known = new Set([...members.values()].map((member) => serverPlace(member).name));
  return [...servers.keys()]
    .filter((server) => !known.has(server) && server !== TLS_KEEPER)
    .map((server) => ({ container, backend, server }));
}

/** The wanted object itself where nothing differs, so that a plan compares by identity. */
function same(found: Item, wanted: ItemMap): Item {
  const other = wanted.get(found.key);
  return other !== undefined && sameFields(found, other) ? other : found;
}

function observedMember(member: Item, live: LiveServer, wanted: ItemMap): Item {
  const other = wanted.get(member.key);
  if (other !== undefined && shows(live, other) && sameFields(member, other)) return other;
  const fields: globalThis.Record<string, FieldValue> = { ...member.fields };
  fields.address = live.address;
  fields.port = live.port;
  fields.weight = live.weight;
  fields.state = live.state;
  return same(item('member', member.key, fields, member.parent), wanted);
}

function shows({ address, port, weight, state }: LiveServer, { fields }: Item): boolean {
  return (
    fields.weight === weight && fields.state === state && fields.address === address && fields.port === port
  );
}

function sameFields(a: Item, b: Item): boolean {
  if (a === b) return true;
  const names = Object.keys(a.fields);
  return (
    names.length === Object.keys(b.fields).length && names.every((name) => a.fields[name] === b.fields[name])
  );
}

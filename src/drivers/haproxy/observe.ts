// What the worker says, and what our record adds to it, as items. Nothing counts that the worker does not confirm.
import {
  type FieldValue,
  type Item,
  type ItemMap,
  item,
  type Judgement,
  type Observed,
} from '../../model/item.ts';
import { listenerKey } from '../../model/keys.ts';
import { readCertificate, readText, type SourceWatch } from './certificates.ts';
import { behindOf } from './desired.ts';
import { listeningSockets, programsOf } from './listening.ts';
import { entryItem } from './lists.ts';
import { backendName, frontendName, TLS_KEEPER } from './names.ts';
import type { Record } from './record.ts';
import type { Block } from './record-types.ts';
import { isWatched } from './render/backend.ts';
import { serverPlace } from './render/render.ts';
import type { BackendServers, LiveServer } from './servers.ts';
import type { WorkerState } from './worker-state.ts';

export interface ObserveInput {
  readonly state: WorkerState | undefined;
  readonly record: Record;
  /** What was wanted last: it tells which sources to look at. */
  readonly wanted: ItemMap;
  readonly sources: SourceWatch;
  readonly nowMs: number;
  /** As the look before found it. */
  readonly judged?: Observed['judged'];
  /** Sockets that listen and are none of ours. */
  readonly foreign: (record: Record) => ItemMap;
}

export interface Seen {
  readonly observed: Observed;
  /** Servers of ours, `backend/server`, that no record knows: what another daemon did not see to its end. */
  readonly strays: readonly Stray[];
}

export interface Stray {
  readonly container: string;
  readonly backend: string;
  readonly server: string;
}

export function toObserved(input: ObserveInput): Seen {
  const { state, record, wanted } = input;
  const items = new Map<string, Item>();
  const strays: Stray[] = [];
  const judged = new Map<string, Judgement>();
  if (state !== undefined) {
    for (const [key, digest] of record.files) items.set(key, observedFile(key, digest, input));
    for (const block of record.blocks.values()) {
      const { item: one } = block;
      if (block.frontend !== '' && !state.open.has(namesOf(one).frontend)) continue;
      if (one.parent !== undefined && !items.has(one.parent)) continue;
      items.set(one.key, same(one, wanted));
      const members = observedMembers(block, input, state);
      for (const member of members.items) items.set(member.key, member);
      strays.push(...members.strays);
      for (const [key, seconds] of members.out)
        judged.set(key, judgement(input.nowMs - seconds * 1000, input.judged?.get(key)));
      for (const list of block.lists)
        for (const [value, backend] of state.lists.get(list.path) ?? []) {
          const entry = entryItem(one.key, list, value, backend);
          items.set(entry.key, same(entry, wanted));
        }
    }
  }
  // Without a record that fits, our own sockets could not be told from those of others.
  const known = wanted.size > 0 && (state === undefined || state.generation === record.generation);
  const foreign = known ? input.foreign(record) : new Map<string, Item>();
  return { observed: judged.size === 0 ? { items, foreign } : { items, foreign, judged }, strays };
}

/** HAProxy counts whole seconds: the moment said first stays, unless it went out anew meanwhile. */
function judgement(sinceMs: number, before: Judgement | undefined): Judgement {
  const isSame = before !== undefined && Math.abs(before.sinceMs - sinceMs) < 2000;
  return isSame ? before : { reason: 'TrafficFailed', sinceMs };
}

interface Members {
  readonly items: readonly Item[];
  /** For how many seconds HAProxy sends nothing to whom, as its watching of traffic says. */
  readonly out: readonly (readonly [member: string, seconds: number])[];
  readonly strays: readonly Stray[];
}

/** What it was made of: of thousands of backends a round changes one. */
interface Kept extends Members {
  readonly stamp: number;
  readonly servers: BackendServers | undefined;
  /** Made anew together with the wanted members of it. */
  readonly wanted: Item | undefined;
}

const kept = new WeakMap<Block, Kept>();

/** Of containers: they stay the same from round to round. */
const names = new WeakMap<Item, { readonly frontend: string; readonly backend: string }>();

function namesOf(container: Item): { readonly frontend: string; readonly backend: string } {
  let made = names.get(container);
  if (made === undefined) {
    made = { frontend: frontendName(container.key), backend: backendName(container.key) };
    names.set(container, made);
  }
  return made;
}

function observedMembers(block: Block, { record, wanted }: ObserveInput, state: WorkerState): Members {
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
  const members = record.members(key);
  const live = made.servers?.byName ?? new Map<string, LiveServer>();
  const items: Item[] = [];
  const out: [string, number][] = [];
  for (const member of members.values()) {
    const server = live.get(serverPlace(member).name);
    if (server === undefined) continue;
    items.push(observedMember(member, server, wanted));
    if (server.outForSeconds !== undefined && isWatched(block.backend))
      out.push([member.key, server.outForSeconds]);
  }
  const strays = live.size > items.length ? straysOf(key, backend, live, members) : [];
  const now = { ...made, items, out, strays };
  kept.set(block, now);
  return now;
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

function observedFile(key: string, digest: string, input: ObserveInput): Item {
  const { wanted, sources, nowMs } = input;
  const one = wanted.get(key);
  const source = one === undefined ? undefined : behindOf(one);
  const kind = key.startsWith('file ') ? 'file' : 'certificate';
  let now: string | undefined = digest;
  if (source?.path !== undefined) {
    const { path } = source;
    now = sources.digestOf(key, [path], () => readText(path, path));
  } else if (source?.certificate !== undefined) {
    const { certificate } = source;
    const paths = [certificate.certificateFile, certificate.keyFile].filter((path) => path !== undefined);
    // A PEM from the API has no file that could change, but another text is another certificate.
    const identity = `${key} ${certificate.certificatePem ?? ''} ${certificate.keyPem?.reveal() ?? ''}`;
    now = sources.digestOf(identity, paths, () => readCertificate(certificate, nowMs));
  }
  return item(kind, key, { current: now === digest });
}

/** Sockets that listen and are none of ours. Who stands in the way of what is wanted is told by name. */
export function foreignListeners(record: Record, wanted: ItemMap, pid: number | undefined): ItemMap {
  const sockets = new Map<string, string>();
  for (const [socket, inode] of listeningSockets(pid)) {
    const at = socket.lastIndexOf(':');
    const address = socket.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(socket.slice(at + 1));
    const key = listenerKey('tcp', address, port);
    if (!record.blocks.has(key)) sockets.set(key, inode);
  }
  const program = programsOf(new Set([...sockets].flatMap(([key, inode]) => (wanted.has(key) ? inode : []))));
  return new Map(
    [...sockets].map(([key, inode]) => [key, item('listener', key, { program: program(inode) })]),
  );
}

// What the worker says, and what our record adds to it, as items. Nothing counts that the worker does not confirm.
import { type FieldValue, type Item, type ItemMap, item, type Observed } from '../../model/item.ts';
import { listenerKey } from '../../model/keys.ts';
import { readCertificate, readText, type SourceWatch } from './certificates.ts';
import { behindOf } from './desired.ts';
import { listeningSockets } from './listening.ts';
import { entryItem } from './lists.ts';
import { backendName, frontendName } from './names.ts';
import type { Record } from './record.ts';
import { serverPlace } from './render/render.ts';
import type { LiveServer, WorkerState } from './worker-state.ts';

export interface ObserveInput {
  readonly state: WorkerState | undefined;
  readonly record: Record;
  /** What was wanted last: it tells which sources to look at. */
  readonly wanted: ItemMap;
  readonly sources: SourceWatch;
  readonly nowMs: number;
  readonly pid: number | undefined;
}

export function toObserved(input: ObserveInput): Observed {
  const { state, record, wanted, pid } = input;
  const items = new Map<string, Item>();
  if (state !== undefined) {
    for (const [key, digest] of record.files) items.set(key, observedFile(key, digest, input));
    for (const block of record.blocks.values()) {
      if (block.frontend !== '' && !state.open.has(frontendName(block.item.key))) continue;
      if (block.item.parent !== undefined && !items.has(block.item.parent)) continue;
      items.set(block.item.key, same(block.item, wanted));
      const servers = state.servers.get(backendName(block.item.key));
      for (const member of record.members(block.item.key).values()) {
        const live = servers?.get(serverPlace(member).name);
        if (live !== undefined) items.set(member.key, observedMember(member, live, wanted));
      }
      for (const list of block.lists)
        for (const [value, backend] of state.lists.get(list.path) ?? []) {
          const entry = entryItem(block.item.key, list, value, backend);
          items.set(entry.key, same(entry, wanted));
        }
    }
  }
  // Without a record that fits, our own sockets could not be told from those of others.
  const known = wanted.size > 0 && (state === undefined || state.generation === record.generation);
  return { items, foreign: known ? foreignListeners(record, pid) : new Map() };
}

/** The wanted object itself where nothing differs, so that a plan compares by identity. */
function same(found: Item, wanted: ItemMap): Item {
  const other = wanted.get(found.key);
  return other !== undefined && sameFields(found, other) ? other : found;
}

function observedMember(member: Item, live: LiveServer, wanted: ItemMap): Item {
  const fields: globalThis.Record<string, FieldValue> = { ...member.fields };
  fields.address = live.address;
  fields.port = live.port;
  fields.weight = live.weight;
  fields.state = live.state;
  return same(item('member', member.key, fields, member.parent), wanted);
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

/** Sockets that listen and are none of ours. */
function foreignListeners(record: Record, pid: number | undefined): ItemMap {
  const foreign = new Map<string, Item>();
  for (const socket of listeningSockets(pid)) {
    const at = socket.lastIndexOf(':');
    const address = socket.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(socket.slice(at + 1));
    const key = listenerKey('tcp', address, port);
    if (!record.blocks.has(key)) foreign.set(key, item('listener', key, { program: 'another' }));
  }
  return foreign;
}

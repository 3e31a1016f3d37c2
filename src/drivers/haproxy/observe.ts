// What the worker says, and what our record adds to it, as items. Nothing counts that the worker does not confirm.
import { type Item, type ItemMap, item, type Judgement, type Observed } from '../../model/item.ts';
import { listenerKey } from '../../model/keys.ts';
import { readCertificate, readText, type SourceWatch } from './certificates.ts';
import { behindOf } from './desired.ts';
import { type Group, ItemGroups } from './item-groups.ts';
import { listeningSockets, placesOfListener, programsOf } from './listening.ts';
import { namesOf, type Stray, showBlock, showEntries } from './observed-block.ts';
import type { Record } from './record.ts';
import type { WorkerState } from './worker-state.ts';

export interface ObserveInput {
  readonly state: WorkerState | undefined;
  readonly record: Record;
  /** What was wanted last: it tells which sources to look at. */
  readonly wanted: ItemMap;
  readonly sources: SourceWatch;
  /** Whether our copy of a certificate or file, by key, is where a reload looks for it. */
  readonly isLaid: (key: string) => boolean;
  readonly nowMs: number;
  /** What the look before found. */
  readonly before?: Seen;
  /** Sockets that listen and are none of ours. */
  readonly foreign: (record: Record) => ItemMap;
}

export interface Seen {
  readonly observed: Observed & { readonly items: ItemGroups };
  /** What another daemon did not see to its end. */
  readonly strays: readonly Stray[];
}

export function toObserved(input: ObserveInput): Seen {
  const { state, record, wanted, before } = input;
  const groups: Group[] = [];
  const shown = new Set<string>();
  const strays: Stray[] = [];
  const judged = new Map<string, Judgement>();
  if (state !== undefined) {
    for (const block of record.blocks.values()) {
      const { item: one } = block;
      if (block.frontend !== '' && !state.open.has(namesOf(one).frontend)) continue;
      if (one.parent !== undefined && !shown.has(one.parent)) continue;
      const made = showBlock(block, record, wanted, state);
      shown.add(one.key);
      groups.push(made.group);
      if (block.lists.length > 0) groups.push(showEntries(block, wanted, state));
      strays.push(...made.strays);
      for (const [key, seconds] of made.out)
        judged.set(key, judgement(input.nowMs - seconds * 1000, before?.observed.judged?.get(key)));
    }
    const laid = [...record.files].filter(([key]) => input.isLaid(key));
    groups.push(laid.map(([key, digest]) => observedFile(key, digest, input)));
  }
  const items = ItemGroups.of(groups, before?.observed.items);
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
  const isCurrent = now === digest;
  return isCurrent && one !== undefined ? one : item(kind, key, { current: isCurrent });
}

/** Sockets that listen and are none of ours, by our record or as our process holds them. Who stands in the way of what is wanted is told by name. */
export function foreignListeners(
  record: Record,
  wanted: ItemMap,
  pid: number | undefined,
  held: ReadonlySet<string>,
): ItemMap {
  const sockets = new Map<string, string>();
  const ours = new Set([...record.blocks.keys()].flatMap(placesOfListener));
  for (const [socket, inode] of listeningSockets(pid)) {
    if (ours.has(socket) || held.has(inode)) continue;
    const at = socket.lastIndexOf(':');
    const address = socket.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(socket.slice(at + 1));
    const key = listenerKey('tcp', address, port);
    sockets.set(key, inode);
  }
  const program = programsOf(new Set([...sockets].flatMap(([key, inode]) => (wanted.has(key) ? inode : []))));
  return new Map(
    [...sockets].map(([key, inode]) => [key, item('listener', key, { program: program(inode) })]),
  );
}

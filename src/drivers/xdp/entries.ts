// What the tables hold, as values. Everything is read back from the rows themselves: a restarted daemon knows what the
// last one knew, and a row changed behind our back is seen.
import { type Item, item } from '../../model/item.ts';
import { endpointKey, listenerKey, memberItemKey } from '../../model/keys.ts';
import { LISTENER_FLAG, MEMBER_FLAG } from './layout.ts';
import type { ListenerRow, MemberRow } from './rows.ts';
import { type ListenerSpec, listenerFields, type MemberSpec, memberFields } from './spec.ts';

export interface MemberEntry {
  readonly number: number;
  readonly endpoint: string;
  spec: MemberSpec;
  item?: Item;
}

export interface ListenerEntry {
  readonly number: number;
  readonly key: string;
  spec: ListenerSpec;
  row: ListenerRow;
  members: Map<string, MemberEntry>;
  item?: Item;
}

export function specOfRow(
  row: ListenerRow,
  sources: readonly string[],
  allowed: readonly string[],
): ListenerSpec {
  const { transport, address, portFrom, portTo, flags } = row;
  const length = address.includes(':') ? row.persistLength6 : row.persistLength4;
  return {
    key: listenerKey(transport, address, portFrom, portTo),
    transport,
    address,
    portFrom,
    portTo,
    mode: row.mode,
    scheduler: row.scheduler,
    hashPort: (flags & LISTENER_FLAG.hashPort) !== 0,
    fallback: (flags & LISTENER_FLAG.fallback) !== 0,
    ...(flags & LISTENER_FLAG.persist ? { persistence: { ms: row.persistMs, length } } : {}),
    tunnel: row.tunnel,
    tunnelPort: row.tunnelPort,
    tunnelChecksum: (flags & LISTENER_FLAG.gueChecksum) !== 0,
    sources: flags & LISTENER_FLAG.ownSource ? [] : sources,
    ...(flags & LISTENER_FLAG.allow ? { allowed } : {}),
    maxConnections: row.maxConnections,
    connectionsPerSecond: row.connectionsPerSecond,
    sourcePerSecond: row.sourcePerSecond,
    reset: (flags & LISTENER_FLAG.reset) !== 0,
  };
}

export function specOfMember(row: MemberRow): MemberSpec {
  const { address, port, weight, maxConnections, minConnections, flags } = row;
  return {
    address,
    port,
    weight,
    maxConnections,
    minConnections,
    reset: (flags & MEMBER_FLAG.reset) !== 0,
  };
}

export function memberEntry(number: number, spec: MemberSpec): MemberEntry {
  return { number, endpoint: endpointKey(spec.address, spec.port), spec };
}

export function listenerItem(entry: ListenerEntry, missing: boolean): Item {
  if (missing) return item('listener', entry.key, { ...listenerFields(entry.spec), missing: 'address' });
  entry.item ??= item('listener', entry.key, listenerFields(entry.spec));
  return entry.item;
}

export function memberItem(parent: string, entry: MemberEntry): Item {
  entry.item ??= item('member', memberItemKey(parent, entry.endpoint), memberFields(entry.spec), parent);
  return entry.item;
}

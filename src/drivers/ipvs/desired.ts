// World to items: one for each listener that IPVS carries, one for each present member, and what the whole machine needs.
import { Note } from '../../lib/note.ts';
import { bitsOf } from '../../lib/prefix.ts';
import { type FieldValue, type Item, type ItemMap, item } from '../../model/item.ts';
import { memberItemKey } from '../../model/keys.ts';
import type { World, WorldListener, WorldMember } from '../../model/world.ts';
import type { IpvsTimeouts } from '../../wire/netlink/ipvs-control.ts';
import { canonicalNetworks } from './nft-entry.ts';
import { markFor, throughMark } from './service-key.ts';
import { neededSettings, settingItem } from './settings.ts';

/** Items of one listener, kept while the listener is the very same value and its mark does not move. */
const kept = new Note<WorldListener, { readonly through: string; readonly items: readonly Item[] }>();

export function desiredItems(world: World, timeouts: IpvsTimeouts | undefined): ItemMap {
  const listeners = world.listeners.filter((listener) => listener.engine === 'ipvs');
  const items = new Map<string, Item>();
  if (timeouts !== undefined && listeners.length > 0) put(items, timeoutsItem(timeouts));
  for (const [name, value] of neededSettings(listeners)) put(items, settingItem(name, value));
  const marks = new Set(listeners.map((listener) => listener.mark ?? 0));
  for (const listener of listeners) {
    for (const one of listenerItems(listener, throughOf(listener, marks))) put(items, one);
  }
  return items;
}

export function timeoutsItem(timeouts: IpvsTimeouts): Item {
  return item('timeouts', 'timeouts', {
    tcp: timeouts.tcpSeconds,
    tcpFin: timeouts.tcpFinSeconds,
    udp: timeouts.udpSeconds,
  });
}

function throughOf(listener: WorldListener, marks: Set<number>): string {
  if (listener.mark !== undefined || listener.portFrom === listener.portTo) return '';
  const mark = markFor(listener.key, marks);
  marks.add(mark);
  return throughMark(mark);
}

function listenerItems(listener: WorldListener, through: string): readonly Item[] {
  const found = kept.get(listener);
  if (found !== undefined && found.through === through) return found.items;
  const items = [item('listener', listener.key, listenerFields(listener, through))];
  for (const member of listener.members)
    if (member.present) items.push(memberItem(listener, member, through));
  kept.set(listener, { through, items });
  return items;
}

function listenerFields(listener: WorldListener, through: string): Record<string, FieldValue> {
  const { scheduler, schedulerFlags, persistence, family, limits, allowedSources } = listener;
  const flags = [...schedulerFlags].sort((a, b) => FLAG_ORDER[a] - FLAG_ORDER[b]);
  const allowed = canonicalNetworks(allowedSources, family);
  const sources =
    listener.mode === 'onearm' ? 'own' : listener.mode === 'fullnat' ? sourcesOfFamily(listener) : undefined;
  return {
    scheduler,
    ...(flags.length === 0 ? {} : { flags: flags.join(',') }),
    ...(persistence === undefined ? {} : persistenceFields(persistence, family)),
    ...(through === '' ? {} : { through }),
    ...(sources === undefined ? {} : { source: sources }),
    ...(allowedSources.length === 0 ? {} : { allowed: allowed.length === 0 ? 'none' : allowed.join(',') }),
    ...(limits.connections === 0 ? {} : { maxConnections: limits.connections }),
    ...(listener.adopt ? { adopt: true } : {}),
  };
}

const FLAG_ORDER = { port: 0, fallback: 1, 'one-packet': 2 } as const;

/** Addresses of the listener's family; without one, the node's own address has to do. */
function sourcesOfFamily(listener: WorldListener): string {
  const fitting = listener.sourceAddresses.filter((one) => one.includes(':') === (listener.family === 6));
  return fitting.length === 0 ? 'own' : fitting.join(',');
}

/** IPVS counts whole seconds; a shorter time would mean none at all. */
function persistenceFields(
  persistence: NonNullable<WorldListener['persistence']>,
  family: 4 | 6,
): Record<string, FieldValue> {
  const seconds = Math.max(1, Math.ceil(persistence.timeoutMs / 1000));
  if (persistence.kind === 'sip')
    return { persistence: `${seconds}s/${bitsOf(family)}`, persistenceEngine: 'sip' };
  if (persistence.kind !== 'source') return {};
  const granularity = family === 4 ? persistence.granularityV4 : persistence.granularityV6;
  return { persistence: `${seconds}s/${granularity}` };
}

function memberItem(listener: WorldListener, member: WorldMember, through: string): Item {
  return item(
    'member',
    memberItemKey(listener.key, member.key),
    {
      weight: member.effectiveWeight,
      forwarding: forwardingOf(listener),
      ...(member.maxConnections === 0 ? {} : { maxConnections: member.maxConnections }),
      // The kernel takes a lower threshold only below an upper one.
      ...(member.maxConnections === 0 || member.minConnections === 0
        ? {}
        : { minConnections: member.minConnections }),
      ...(through === '' ? {} : { through }),
    },
    listener.key,
  );
}

function forwardingOf(listener: WorldListener): string {
  const { mode, tunnel } = listener;
  if (mode === 'dr') return 'dr';
  if (mode !== 'tunnel') return 'nat';
  if (tunnel.type === 'ipip') return 'ipip';
  const sum = tunnel.checksum === 'none' ? '' : ` ${tunnel.checksum}`;
  return tunnel.type === 'gue' ? `gue ${tunnel.port}${sum}` : `gre${sum}`;
}

function put(items: Map<string, Item>, one: Item): void {
  items.set(one.key, one);
}

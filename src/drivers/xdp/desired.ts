// World to items: one for each listener that XDP carries, one for each present member. Pure.
import { Note } from '../../lib/note.ts';
import { type Item, type ItemMap, item } from '../../model/item.ts';
import { memberItemKey } from '../../model/keys.ts';
import type { World, WorldListener } from '../../model/world.ts';
import type { XdpMode, XdpScheduler } from './layout.ts';
import {
  canonicalAllowed,
  type ListenerSpec,
  listenerFields,
  memberFields,
  parseListenerKey,
} from './spec.ts';

const kept = new Note<WorldListener, readonly Item[]>();

export function desiredItems(world: World): ItemMap {
  const items = new Map<string, Item>();
  for (const listener of world.listeners) {
    if (listener.engine !== 'xdp') continue;
    for (const one of itemsOf(listener)) items.set(one.key, one);
  }
  return items;
}

/** The same listener gives the very same items, so that an unchanged one compares by identity. */
function itemsOf(listener: WorldListener): readonly Item[] {
  let items = kept.get(listener);
  if (items === undefined) {
    items = buildItems(listener);
    kept.set(listener, items);
  }
  return items;
}

function buildItems(listener: WorldListener): readonly Item[] {
  const fields = listenerFields(toSpec(listener));
  const items = [item('listener', listener.key, listener.adopt ? { ...fields, adopt: true } : fields)];
  for (const member of listener.members) {
    if (!member.present) continue;
    const spec = {
      address: member.address,
      port: member.port,
      weight: member.effectiveWeight,
      maxConnections: member.maxConnections,
      // Without an upper mark there is nothing to fall below.
      minConnections: member.maxConnections === 0 ? 0 : lowerMark(member),
      reset: member.resetFlows,
    };
    items.push(item('member', memberItemKey(listener.key, member.key), memberFields(spec), listener.key));
  }
  return items;
}

/** As model/pool.ts has it: 0 is three quarters of the upper one. */
function lowerMark(member: { readonly maxConnections: number; readonly minConnections: number }): number {
  return member.minConnections === 0 ? Math.ceil((member.maxConnections * 3) / 4) : member.minConnections;
}

function toSpec(listener: WorldListener): ListenerSpec {
  const { persistence, limits, tunnel, family } = listener;
  return {
    ...parseListenerKey(listener.key),
    key: listener.key,
    mode: listener.mode as XdpMode,
    scheduler: listener.scheduler as XdpScheduler,
    hashPort: listener.schedulerFlags.includes('port'),
    fallback: listener.schedulerFlags.includes('fallback'),
    ...(persistence?.kind === 'source'
      ? {
          persistence: {
            ms: persistence.timeoutMs,
            length: family === 4 ? persistence.granularityV4 : persistence.granularityV6,
          },
        }
      : {}),
    tunnel: tunnel.type === 'gue' ? 'gue' : 'ipip',
    tunnelPort: tunnel.port,
    tunnelChecksum: tunnel.checksum !== 'none',
    sources: listener.sourceAddresses.filter((one) => one.includes(':') === (family === 6)),
    ...(listener.allowedSources.length === 0
      ? {}
      : { allowed: canonicalAllowed(listener.allowedSources, family) }),
    maxConnections: limits.connections,
    connectionsPerSecond: limits.connectionsPerSecond,
    sourcePerSecond: limits.perSourcePerSecond,
    reset: listener.onFailure === 'reset',
  };
}

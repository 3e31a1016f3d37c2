// World to items, as the reference driver shows them: one listener item, one item for each present member.
import { stableJson } from '../../lib/stable-json.ts';
import { type FieldValue, type Item, item } from '../../model/item.ts';
import { memberItemKey } from '../../model/keys.ts';
import type { Persistence } from '../../model/listener.ts';
import type { WorldAddress, WorldLayer7, WorldListener, WorldMember } from '../../model/world.ts';

const itemsOf = new WeakMap<WorldListener, readonly Item[]>();

/** The same listener gives the very same items, so that an unchanged one costs a lookup and compares by identity. */
export function listenerItems(listener: WorldListener): readonly Item[] {
  let items = itemsOf.get(listener);
  if (items === undefined) {
    items = buildItems(listener);
    itemsOf.set(listener, items);
  }
  return items;
}

export function addressItem(address: WorldAddress): Item {
  return item('address', address.key, {
    address: address.address,
    prefix: address.prefixLength,
    interface: address.interface,
  });
}

function buildItems(listener: WorldListener): readonly Item[] {
  const items = [item('listener', listener.key, listenerFields(listener))];
  for (const member of listener.members)
    if (member.present) items.push(memberItem(listener.key, member, listener.key));
  for (const pool of listener.layer7?.rulePools ?? []) {
    const key = `${listener.key} pool ${pool.name}`;
    items.push(item('pool', key, poolFields(pool.options), listener.key));
    for (const member of pool.members) if (member.present) items.push(memberItem(key, member, key));
  }
  return items;
}

function memberItem(container: string, member: WorldMember, parent: string): Item {
  return item(
    'member',
    memberItemKey(container, member.key),
    {
      weight: member.effectiveWeight,
      maxConnections: member.maxConnections,
      minConnections: member.minConnections,
      ...(member.resetFlows ? { resetFlows: true } : {}),
    },
    parent,
  );
}

function listenerFields(listener: WorldListener): Record<string, FieldValue> {
  const { tunnel, limits, persistence, layer7 } = listener;
  return {
    protocol: listener.protocol,
    mode: listener.mode,
    scheduler: listener.scheduler,
    ...(listener.schedulerFlags.length === 0 ? {} : { flags: listener.schedulerFlags.join(',') }),
    ...(listener.schedulerKey === undefined ? {} : { schedulerKey: listener.schedulerKey }),
    ...(persistence === undefined ? {} : { persistence: persistenceText(persistence) }),
    ...(listener.mode === 'tunnel' ? { tunnel: `${tunnel.type}:${tunnel.port}:${tunnel.checksum}` } : {}),
    ...(listener.sourceAddresses.length === 0 ? {} : { sources: listener.sourceAddresses.join(',') }),
    ...(listener.allowedSources.length === 0 ? {} : { allowed: listener.allowedSources.join(',') }),
    ...(limits.connections === 0 ? {} : { maxConnections: limits.connections }),
    ...(limits.connectionsPerSecond === 0 ? {} : { connectionsPerSecond: limits.connectionsPerSecond }),
    ...(limits.perSourcePerSecond === 0 ? {} : { perSourcePerSecond: limits.perSourcePerSecond }),
    ...(listener.adopt ? { adopt: true } : {}),
    ...(layer7 === undefined ? {} : layer7Fields(layer7)),
  };
}

/** Nested options as stable JSON: a reader sees them, a difference shows as one changed field. */
function layer7Fields(layer7: WorldLayer7): Record<string, FieldValue> {
  const { timeouts, tls, http, sorry } = layer7;
  return {
    timeouts: stableJson(timeouts),
    acceptProxy: layer7.acceptProxy,
    ...(tls === undefined ? {} : { tls: stableJson(tls) }),
    ...(http === undefined ? {} : { http: stableJson(http) }),
    ...(layer7.raw.length === 0 ? {} : { raw: layer7.raw.join('\n') }),
    ...(sorry === undefined ? {} : { sorry: stableJson(sorry) }),
    ...poolFields(layer7.poolOptions),
  };
}

function poolFields(options: WorldLayer7['poolOptions']): Record<string, FieldValue> {
  return {
    sendProxy: options.sendProxy,
    maxQueue: options.maxQueue,
    slowStartMs: options.slowStartMs,
    ...(options.tls === undefined ? {} : { memberTls: stableJson(options.tls) }),
  };
}

function persistenceText(persistence: Persistence): string {
  const { kind, timeoutMs } = persistence;
  if (kind === 'source')
    return `source ${timeoutMs} ms /${persistence.granularityV4} /${persistence.granularityV6}`;
  return kind === 'sip' ? `sip ${timeoutMs} ms` : `${kind} ${persistence.cookie} ${timeoutMs} ms`;
}

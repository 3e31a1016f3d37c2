// World to items, as the reference driver shows them: one listener item, one item for each present member.
import { Note } from '../../lib/note.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { type Fields, type FieldValue, type Item, item } from '../../model/item.ts';
import { endpointKey, memberItemKey } from '../../model/keys.ts';
import type { Persistence } from '../../model/listener.ts';
import type { WorldAddress, WorldLayer7, WorldListener, WorldMember } from '../../model/world.ts';

const itemsOf = new Note<WorldListener, readonly Item[]>();

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
  return item('member', memberItemKey(container, member.key), memberFields(member), parent);
}

/** Members of one weight and limit share their fields: few kinds of row, many rows. Bounded by starting over. */
const KNOWN_FIELDS = 4096;
const fieldsOfMember = new Map<string, Fields>();

function memberFields(member: WorldMember): Fields {
  const { effectiveWeight: weight, maxConnections, minConnections, resetFlows } = member;
  const id = `${weight} ${maxConnections} ${minConnections} ${resetFlows}`;
  let fields = fieldsOfMember.get(id);
  if (fields === undefined) {
    if (fieldsOfMember.size >= KNOWN_FIELDS) fieldsOfMember.clear();
    fields = { weight, maxConnections, minConnections, ...(resetFlows ? { resetFlows } : {}) };
    fieldsOfMember.set(id, fields);
  }
  return fields;
}

/** Set one by one rather than spread: this runs for every listener of a whole configuration. */
function listenerFields(listener: WorldListener): Fields {
  const { tunnel, limits, persistence, layer7 } = listener;
  const fields: Record<string, FieldValue> = {
    protocol: listener.protocol,
    mode: listener.mode,
    scheduler: listener.scheduler,
  };
  if (listener.schedulerFlags.length > 0) fields.flags = listener.schedulerFlags.join(',');
  if (listener.schedulerKey !== undefined) fields.schedulerKey = listener.schedulerKey;
  if (persistence !== undefined) fields.persistence = persistenceText(persistence);
  if (listener.mode === 'tunnel') fields.tunnel = `${tunnel.type}:${tunnel.port}:${tunnel.checksum}`;
  if (listener.sourceAddresses.length > 0) fields.sources = listener.sourceAddresses.join(',');
  if (listener.allowedSources.length > 0) fields.allowed = listener.allowedSources.join(',');
  if (limits.connections > 0) fields.maxConnections = limits.connections;
  if (limits.connectionsPerSecond > 0) fields.connectionsPerSecond = limits.connectionsPerSecond;
  if (limits.perSourcePerSecond > 0) fields.perSourcePerSecond = limits.perSourcePerSecond;
  if (listener.adopt) fields.adopt = true;
  if (layer7 !== undefined) Object.assign(fields, layer7Fields(layer7));
  return fields;
}

/** Nested options flattened, so that a difference shows as the one word that changed. */
function layer7Fields(layer7: WorldLayer7): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = { acceptProxy: layer7.acceptProxy };
  flatten('timeouts', layer7.timeouts, fields);
  if (layer7.tls !== undefined) flatten('tls', layer7.tls, fields);
  if (layer7.http !== undefined) flatten('http', layer7.http, fields);
  if (layer7.raw.length > 0) fields.raw = layer7.raw.join('\n');
  if (layer7.sorry !== undefined) fields.sorry = endpointKey(layer7.sorry.address, layer7.sorry.port);
  return Object.assign(fields, poolFields(layer7.poolOptions));
}

function poolFields(options: WorldLayer7['poolOptions']): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {
    sendProxy: options.sendProxy,
    maxQueue: options.maxQueue,
    slowStartMs: options.slowStartMs,
  };
  if (options.passive !== undefined) flatten('passive', options.passive, fields);
  if (options.tls !== undefined) flatten('memberTls', options.tls, fields);
  return fields;
}

/** Objects by dotted names, lists of words joined, lists of named objects by name with their order kept beside. */
function flatten(name: string, value: unknown, into: Record<string, FieldValue>): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') into[name] = value as FieldValue;
  else if (!Array.isArray(value))
    for (const [key, inner] of Object.entries(value)) flatten(`${name}.${key}`, inner, into);
  else if (value.length > 0 && value.every(isNamed)) {
    into[name] = value.map((one) => one.name).join(',');
    for (const { name: key, ...rest } of value) into[`${name}.${key}`] = stableJson(rest);
  } else into[name] = value.join(',');
}

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && 'name' in value;
}

function persistenceText(persistence: Persistence): string {
  const { kind, timeoutMs } = persistence;
  if (kind === 'source')
    return `source ${timeoutMs} ms /${persistence.granularityV4} /${persistence.granularityV6}`;
  return kind === 'sip' ? `sip ${timeoutMs} ms` : `${kind} ${persistence.cookie} ${timeoutMs} ms`;
}

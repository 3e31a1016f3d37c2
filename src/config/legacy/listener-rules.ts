// LibraFlux services, both as its guide writes them and as its code reads them, become listeners.
import { conflict, drop, type Rule, type RuleLog, renames } from './rule.ts';
import {
  entryOf,
  has,
  listInto,
  type MapTree,
  newEntry,
  newScalar,
  put,
  scalarAt,
  type Tree,
  take,
} from './tree.ts';

/** The VIP that `network.frontend.vip` makes. A service that names none means this one, whichever file it stands in. */
export const FRONTEND_VIP = 'frontend';

const MEMBER_RULES: readonly Rule[] = [renames('ip', 'address'), ownPort];
const HEALTH_RULES: readonly Rule[] = [
  renames('retries', 'fall'),
  renames('fail_after', 'fall'),
  renames('recover_after', 'rise'),
];
/** Of one pool. */
export const POOL_RULES: readonly Rule[] = [
  renames('backends', 'members'),
  renames('health_check', 'health'),
  health,
  members,
];

/** Of one listener. */
export const LISTENER_RULES: readonly Rule[] = [...POOL_RULES, portRanges, onePort];

/** Keys that only the older spelling has: where none occurs there is nothing to rewrite. */
export const SERVICE_KEYS: readonly string[] = [
  'services',
  'backends',
  'ip',
  'health_check',
  'retries',
  'fail_after',
  'recover_after',
  'port_ranges',
];

/** `services` at the top of a file; a service without an address of its own stands on the frontend VIP. */
export const services: Rule = (root, log) => {
  const entry = entryOf(root, 'services');
  if (entry === undefined) return;
  if (entry.value.kind === 'list') for (const service of entry.value.items) onFrontendVip(service, log);
  const listeners = entryOf(root, 'listeners');
  if (listeners === undefined) {
    log.changed(entry.origin, '"services" is now "listeners"');
    entry.key = 'listeners';
  } else if (listeners.value.kind === 'list' && entry.value.kind === 'list') {
    log.changed(entry.origin, '"services" joined "listeners"');
    listeners.value.items.push(...entry.value.items);
    take(root, 'services');
  } else {
    conflict(root, entry, 'listeners', log);
  }
};

function onFrontendVip(service: Tree, log: RuleLog): void {
  if (service.kind !== 'map') return;
  if (['vip', 'vips', 'mark', '<<'].some((key) => has(service, key))) return;
  const after = service.entries.findIndex((entry) => entry.key === 'name') + 1;
  put(service, newEntry('vip', newScalar(FRONTEND_VIP, service.origin), service.origin), after);
  log.changed(service.origin, `"vip: ${FRONTEND_VIP}" is added: the address it stood on unsaid`);
}

function members(pool: MapTree, log: RuleLog): void {
  const list = entryOf(pool, 'members')?.value;
  if (list?.kind !== 'list') return;
  for (const member of list.items)
    if (member.kind === 'map') for (const rule of MEMBER_RULES) rule(member, log);
}

/** Port 0 is how LibraFlux says "the port of the service"; we say it by saying nothing. */
function ownPort(member: MapTree, log: RuleLog): void {
  if (scalarAt(member, 'port') !== 0) return;
  log.changed(take(member, 'port')!.origin, '"port: 0" is left out');
}

function health(pool: MapTree, log: RuleLog): void {
  const value = entryOf(pool, 'health')?.value;
  if (value === undefined) return;
  if (value.kind === 'map' && scalarAt(value, 'enabled') === false) {
    log.changed(drop(pool, 'health', log)!.origin, 'a health check that is off is left out');
    return;
  }
  const checks = value.kind === 'list' ? value.items : [value];
  for (const check of checks) {
    if (check.kind !== 'map') continue;
    if (scalarAt(check, 'enabled') === true) {
      log.changed(take(check, 'enabled')!.origin, 'a health check that is there is on');
    }
    for (const rule of HEALTH_RULES) rule(check, log);
  }
}

/** `port_ranges: [{start: 8000, end: 8010}]` joins `ports` as `8000-8010`. */
function portRanges(listener: MapTree, log: RuleLog): void {
  const entry = entryOf(listener, 'port_ranges');
  if (entry === undefined) return;
  if (entry.value.kind !== 'list') {
    renames('port_ranges', 'ports')(listener, log);
    return;
  }
  const index = listener.entries.indexOf(entry);
  const ports = listInto(listener, 'ports', entry.origin, index);
  if (ports === undefined) {
    conflict(listener, entry, 'ports', log);
    return;
  }
  take(listener, 'port_ranges');
  const port = entryOf(listener, 'port');
  if (port?.value.kind === 'scalar' && ports.items.length === 0) {
    take(listener, 'port');
    ports.items.push(port.value);
  }
  ports.items.push(...entry.value.items.map(toRange));
  log.changed(entry.origin, '"port_ranges" joined "ports"');
}

function toRange(range: Tree): Tree {
  if (range.kind !== 'map' || range.entries.length !== 2) return range;
  const start = scalarAt(range, 'start');
  const end = scalarAt(range, 'end');
  if (typeof start !== 'number' || typeof end !== 'number') return range;
  return newScalar(start === end ? start : `${start}-${end}`, range.origin);
}

/** An empty list beside the other spelling says nothing. */
function onePort(listener: MapTree, log: RuleLog): void {
  const ports = entryOf(listener, 'ports');
  if (ports?.value.kind !== 'list' || ports.value.items.length > 0 || !has(listener, 'port')) return;
  log.changed(take(listener, 'ports')!.origin, 'an empty "ports" is left out');
}

// LibraFlux's main file: its one address, VRRP, observability and the switches we do not have.
import { FRONTEND_VIP } from './listener-rules.ts';
import { conflict, drop, type Rule, type RuleLog } from './rule.ts';
import {
  type Entry,
  entryOf,
  has,
  listInto,
  type MapTree,
  mapAt,
  mapInto,
  newEntry,
  newMap,
  newScalar,
  type Origin,
  put,
  scalarAt,
  take,
} from './tree.ts';

/** The HA group that `vrrp` makes. */
export const MAIN_GROUP = 'main';

/** Keys of the main file that only the older spelling has. */
export const NODE_KEYS: readonly string[] = ['cidr', 'vrrp', 'observability', 'state_cache'];

/** `mode: DR` is `mode: dr`, and an empty mode is none. */
export const mode: Rule = (root, log) => {
  const entry = entryOf(root, 'mode');
  if (entry?.value.kind !== 'scalar') return;
  const word = entry.value.value;
  if (word === '' || word === null) {
    log.changed(take(root, 'mode')!.origin, 'an empty "mode" is left out');
  } else if (typeof word === 'string' && word !== word.toLowerCase()) {
    log.changed(entry.origin, `"${word}" is now "${word.toLowerCase()}"`);
    entry.value.value = word.toLowerCase();
  }
};

/** `network.frontend.vip` and `.cidr` become the VIP "frontend", moved by the group that `vrrp` makes. */
export const frontendVip: Rule = (root, log) => {
  const network = mapAt(root, 'network');
  const frontend = network === undefined ? undefined : mapAt(network, 'frontend');
  if (frontend === undefined) return;
  const vip = take(frontend, 'vip');
  const cidr = take(frontend, 'cidr');
  if (vip === undefined && cidr === undefined) return;
  const origin = (vip ?? cidr)!.origin;
  const after = root.entries.findIndex((entry) => entry.key === 'network') + 1;
  const vips = listInto(root, 'vips', origin, after);
  if (vips === undefined) {
    conflict(root, (vip ?? cidr)!, 'vips', log);
    return;
  }
  const made = newMap(origin, [newEntry('name', newScalar(FRONTEND_VIP, origin), origin)]);
  if (vip !== undefined) put(made, addressOf(vip, cidr));
  const vrrp = entryOf(root, 'vrrp');
  if (vrrp !== undefined) put(made, newEntry('group', newScalar(MAIN_GROUP, vrrp.origin), vrrp.origin));
  vips.items.unshift(made);
  log.changed(origin, `"network.frontend.vip" is now the VIP "${FRONTEND_VIP}"`);
};

function addressOf(vip: Entry, cidr: Entry | undefined): Entry {
  if (vip.value.kind !== 'scalar') return { ...vip, key: 'address' };
  const length = cidr?.value.kind === 'scalar' ? cidr.value.value : undefined;
  const text = cidr === undefined ? vip.value.value : `${String(vip.value.value)}/${String(length)}`;
  return { ...vip, key: 'address', value: { ...vip.value, value: text } };
}

/** `vrrp` becomes the HA group "main". */
export const vrrp: Rule = (root, log) => {
  const entry = entryOf(root, 'vrrp');
  if (entry === undefined) return;
  if (entry.value.kind !== 'map') return;
  const ha = mapInto(root, 'ha', entry.origin, root.entries.indexOf(entry));
  const groups = ha === undefined ? undefined : listInto(ha, 'groups', entry.origin);
  if (groups === undefined) {
    conflict(root, entry, 'ha.groups', log);
    return;
  }
  if (groups.items.some((item) => item.kind === 'map' && scalarAt(item, 'name') === MAIN_GROUP)) {
    conflict(root, entry, `ha.groups "${MAIN_GROUP}"`, log);
    return;
  }
  take(root, 'vrrp');
  const group = entry.value;
  priorities(group);
  if (!has(group, 'name')) put(group, word('name', MAIN_GROUP, entry.origin), 0);
  if (!has(group, 'choose')) put(group, word('choose', 'vrrp', entry.origin), 1);
  groups.items.push(group);
  log.changed(entry.origin, `"vrrp" is now the HA group "${MAIN_GROUP}"`);
};

/** `priority_primary` and `priority_secondary` become `priority: {primary, secondary}`. */
function priorities(group: MapTree): void {
  for (const role of ['primary', 'secondary']) {
    const index = group.entries.findIndex((entry) => entry.key === `priority_${role}`);
    if (index === -1) continue;
    const entry = group.entries[index]!;
    const priority = mapInto(group, 'priority', entry.origin, index);
    if (priority === undefined) continue;
    take(group, `priority_${role}`);
    put(priority, { ...entry, key: role });
  }
}

function word(key: string, value: string, origin: Origin): Entry {
  return newEntry(key, newScalar(value, origin), origin);
}

/** `observability.logging` and `.metrics` become `logging` and `metrics`. */
export const observability: Rule = (root, log) => {
  const entry = entryOf(root, 'observability');
  if (entry?.value.kind !== 'map') return;
  const old = entry.value;
  const logging = mapAt(old, 'logging');
  if (logging !== undefined) consoleSwitch(logging, log);
  for (const part of [logging, mapAt(old, 'metrics')]) {
    if (part === undefined) continue;
    for (const key of ['gelf', 'influxdb']) optional(part, key, log);
  }
  for (const key of ['logging', 'metrics']) {
    const part = entryOf(old, key);
    if (part === undefined) continue;
    if (has(root, key)) {
      log.warn(
        part.origin,
        'legacy-conflict',
        'error',
        `"observability.${key}" and "${key}" are the same setting`,
        `Remove "observability.${key}"`,
      );
      take(old, key);
      continue;
    }
    take(old, key);
    put(root, part, root.entries.indexOf(entry));
    log.changed(part.origin, `"observability.${key}" is now "${key}"`);
  }
  // What is left is unknown to both languages: the schema names it at its own place.
  if (old.entries.length === 0) take(root, 'observability');
};

/** `console: {enabled, level}` becomes `console: true` and `level`. */
function consoleSwitch(logging: MapTree, log: RuleLog): void {
  const entry = entryOf(logging, 'console');
  if (entry?.value.kind !== 'map') return;
  const old = entry.value;
  const level = take(old, 'level');
  const enabled = take(old, 'enabled');
  if (old.entries.length > 0) return;
  const index = logging.entries.indexOf(entry);
  take(logging, 'console');
  if (enabled !== undefined) put(logging, { ...enabled, key: 'console' }, index);
  if (level !== undefined) {
    if (has(logging, 'level')) conflict(logging, level, 'logging.level', log);
    else put(logging, level, index);
  }
  log.changed(entry.origin, '"console" is now a switch');
}

/** GELF and InfluxDB are on where they are written; what was switched off leaves. */
function optional(part: MapTree, key: string, log: RuleLog): void {
  const map = mapAt(part, key);
  if (map === undefined) return;
  const enabled = scalarAt(map, 'enabled');
  if (enabled === true) {
    log.changed(take(map, 'enabled')!.origin, `"${key}" that is there is on`);
  } else if (enabled === false || !has(map, 'enabled')) {
    log.changed(drop(part, key, log)!.origin, `"${key}" that is off is left out`);
  }
}

/** An empty `bind` meant every address. */
export const prometheusBind: Rule = (root, log) => {
  const metrics = mapAt(root, 'metrics');
  const prometheus = metrics === undefined ? undefined : mapAt(metrics, 'prometheus');
  const bind = prometheus === undefined ? undefined : entryOf(prometheus, 'bind');
  if (bind?.value.kind !== 'scalar' || bind.value.value !== '') return;
  bind.value.value = '::';
  log.changed(bind.origin, 'an empty "bind" is now "::"');
};

/** We keep no copy of the kernel's tables between rounds. */
export const stateCache: Rule = (root, log) => {
  const daemon = mapAt(root, 'daemon');
  const entry = daemon === undefined ? undefined : drop(daemon, 'state_cache', log);
  if (entry === undefined) return;
  log.warn(
    entry.origin,
    'legacy-without-effect',
    'warning',
    '"daemon.state_cache" has no effect: every round reads what is there',
    'Remove it',
  );
};

// The one list of rewritings from LibraFlux's spellings to the canonical language, in the order they run.
// Loading applies it to values, `lbctl fmt` to documents: a new spelling is a new line here and nothing else.
import { durationRule, FREE_MAPS, unitOf } from './duration-rules.ts';
import { LISTENER_RULES, POOL_RULES, SERVICE_KEYS, services } from './listener-rules.ts';
import {
  frontendVip,
  mode,
  NODE_KEYS,
  observability,
  prometheusBind,
  stateCache,
  vrrp,
} from './node-rules.ts';
import type { Rule, RuleLog } from './rule.ts';
import { entryOf, type MapTree, type Tree } from './tree.ts';

const NODE_RULES: readonly Rule[] = [mode, frontendVip, vrrp, observability, prometheusBind, stateCache];

/** Rewrites a whole file in place. */
export function rewrite(root: MapTree, role: 'main' | 'included', log: RuleLog): void {
  services(root, log);
  if (role === 'main') for (const rule of NODE_RULES) rule(root, log);
  each(root, 'listeners', LISTENER_RULES, log);
  each(root, 'pools', POOL_RULES, log);
  everywhere(root, log);
}

function each(root: MapTree, key: string, rules: readonly Rule[], log: RuleLog): void {
  const list = entryOf(root, key)?.value;
  if (list?.kind !== 'list') return;
  for (const item of list.items) if (item.kind === 'map') for (const rule of rules) rule(item, log);
}

function everywhere(tree: Tree, log: RuleLog): void {
  if (tree.kind === 'list') for (const item of tree.items) everywhere(item, log);
  if (tree.kind !== 'map') return;
  durationRule(tree, log);
  for (const entry of tree.entries) if (!FREE_MAPS.has(entry.key)) everywhere(entry.value, log);
}

const LEGACY_KEYS: ReadonlySet<string> = new Set([...SERVICE_KEYS, ...NODE_KEYS]);

/** False where nothing in a value can concern a rule, so that canonical files cost one glance. */
export function mayBeLegacy(root: unknown): boolean {
  if (!isMap(root)) return false;
  const { network, mode: word } = root;
  if (isMap(network) && isMap(network.frontend) && Object.hasOwn(network.frontend, 'vip')) return true;
  if (word === '' || word === null || (typeof word === 'string' && word !== word.toLowerCase())) return true;
  return hasLegacyKey(root);
}

function hasLegacyKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasLegacyKey);
  if (!isMap(value)) return false;
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (LEGACY_KEYS.has(key) || unitOf(key) !== undefined) return true;
    if (key === 'port' && inner === 0) return true;
    if (key === 'bind' && inner === '') return true;
    if (key === 'ports' && Array.isArray(inner) && inner.length === 0) return true;
    if (key === 'health' && saysEnabled(inner)) return true;
    if (typeof inner === 'object' && hasLegacyKey(inner)) return true;
  }
  return false;
}

function saysEnabled(health: unknown): boolean {
  const checks = Array.isArray(health) ? health : [health];
  return checks.some((check) => isMap(check) && Object.hasOwn(check, 'enabled'));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Rules that stand together and differ in one value alone become one line and a list, which changes without a reload.
import type { HttpRule, RuleAction, RuleMatch } from '../../../model/http.ts';
import { isListable } from '../lists.ts';
import { sampleOf } from './match.ts';

export type RuleGroup =
  | { readonly kind: 'rule'; readonly rule: HttpRule }
  /** Each value sends to its pool. */
  | { readonly kind: 'routes'; readonly match: RuleMatch; readonly pools: ReadonlyMap<string, string> }
  /** All values have the same consequence. */
  | {
      readonly kind: 'values';
      readonly match: RuleMatch;
      readonly action: RuleAction;
      readonly values: ReadonlySet<string>;
    };

export function groupRules(rules: readonly HttpRule[]): readonly RuleGroup[] {
  const groups: RuleGroup[] = [];
  for (let at = 0; at < rules.length; ) {
    const found = rules[at]!;
    const kind = listKind(found);
    let end = at + 1;
    if (kind !== undefined)
      while (end < rules.length && listKind(rules[end]!) === kind && isAlike(found, rules[end]!)) end++;
    groups.push(toGroup(kind, rules.slice(at, end)));
    at = end;
  }
  return groups;
}

/** The words of it that its lists are named after: `host`, `path`. */
export function groupName(group: RuleGroup, index: number): string {
  return group.kind === 'rule' ? `r${index}` : `r${index}.${group.match.type}`;
}

function toGroup(kind: 'routes' | 'values' | undefined, rules: readonly HttpRule[]): RuleGroup {
  const [rule] = rules as [HttpRule];
  if (kind === undefined) return { kind: 'rule', rule };
  const match = rule.matches[0]!;
  const named = rules.map(({ matches, action }) => ({ value: listedValue(matches[0]!), action }));
  if (kind === 'values')
    return { kind, match, action: rule.action, values: new Set(named.map((one) => one.value)) };
  const pools = new Map<string, string>();
  for (const { value, action } of named)
    if (action.kind === 'pool' && !isShadowed(value, pools, match.compare === 'starts'))
      pools.set(value, action.pool);
  return { kind, match, pools };
}

/**
 * The first rule that holds acts; of a list it is the longest prefix. So whatever an earlier rule catches already is left
 * out, and of the rest every longer prefix comes before its shorter ones.
 */
function isShadowed(value: string, earlier: ReadonlyMap<string, string>, byPrefix: boolean): boolean {
  if (!byPrefix) return earlier.has(value);
  for (let end = 1; end <= value.length; end++) if (earlier.has(value.slice(0, end))) return true;
  return false;
}

/** A list has one question. What may have several answers at once, as a header may, cannot be looked up. */
const LOOKED_UP: ReadonlySet<string> = new Set(['host', 'path', 'file-type', 'method', 'sni']);
const NOT_LISTED: ReadonlySet<string> = new Set(['tls-has-cert', 'tls-verify-result']);

function listKind({ matches, action }: HttpRule): 'routes' | 'values' | undefined {
  const [match, ...more] = matches;
  if (match === undefined || more.length > 0 || match.invert || !isListable(match.value)) return undefined;
  const { type, compare } = match;
  if (action.kind !== 'pool') return compare === 'regex' || NOT_LISTED.has(type) ? undefined : 'values';
  const looksUp = compare === 'equal' || (compare === 'starts' && type === 'path');
  return looksUp && LOOKED_UP.has(type) ? 'routes' : undefined;
}

function isAlike(one: HttpRule, other: HttpRule): boolean {
  const [a, b] = [one.matches[0]!, other.matches[0]!];
  if (a.type !== b.type || a.compare !== b.compare || a.key !== b.key) return false;
  return one.action.kind === 'pool' || JSON.stringify(one.action) === JSON.stringify(other.action);
}

/** What has no case is looked up in small letters. */
function listedValue(match: RuleMatch): string {
  const { type, value } = match;
  return type !== 'source' && sampleOf(match, false).ignoreCase ? value.toLowerCase() : value;
}

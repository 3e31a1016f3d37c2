// The closed list of what a diagnostic can be about. docs/reference/diagnostics.md is generated from it.
import type { Severity } from '../../model/diagnostic.ts';
import { ADDRESS_RULES } from './rules-address.ts';
import { HA_RULES } from './rules-ha.ts';
import { LISTENER_RULES } from './rules-listener.ts';
import { NODE_RULES } from './rules-node.ts';
import { POOL_RULES } from './rules-pool.ts';
import { READING_RULES } from './rules-reading.ts';
import { YAML_RULES } from './rules-yaml.ts';

export interface RuleDoc {
  readonly severity: Severity;
  /** What is wrong. */
  readonly what: string;
  /** What to do about it. */
  readonly cure: string;
}

export const RULES = {
  ...YAML_RULES,
  ...READING_RULES,
  ...ADDRESS_RULES,
  ...LISTENER_RULES,
  ...POOL_RULES,
  ...HA_RULES,
  ...NODE_RULES,
} as const satisfies Record<string, RuleDoc>;

export type RuleId = keyof typeof RULES;

export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(RULES, text);
}

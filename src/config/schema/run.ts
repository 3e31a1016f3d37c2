// Runs a schema over a value and turns what zod says into faults of ours, with did-you-mean at unknown keys.
import { z } from 'zod';
import { didYouMean } from '../../lib/did-you-mean.ts';
import { isRuleId, type RuleId } from '../check/rules.ts';
import type { Path } from '../source.ts';
import { MOST_FAULTS } from './block.ts';
import { show } from './field.ts';

export interface SchemaFault {
  readonly rule: RuleId;
  readonly path: Path;
  readonly what: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
  readonly secret?: boolean;
  /** The known key that an unknown one was probably meant to be. */
  readonly near?: string;
}

export type SchemaResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly SchemaFault[] };

export function runSchema<T>(schema: z.ZodType<T>, value: unknown): SchemaResult<T> {
  const payload = schema._zod.run({ value, issues: [] }, { async: false });
  if (payload instanceof Promise) throw new Error('The schema must not be asynchronous');
  if (payload.issues.length === 0) return { ok: true, value: payload.value as T };
  const faults: SchemaFault[] = [];
  for (const issue of payload.issues) {
    const room = MOST_FAULTS - faults.length;
    if (room <= 0) break;
    faults.push(...toFaults(issue, room));
  }
  return { ok: false, faults };
}

function toFaults(issue: z.core.$ZodRawIssue, room: number): SchemaFault[] {
  const path = (issue.path ?? []).filter((step) => typeof step !== 'symbol') as Path;
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path, room);
  if (issue.code === 'custom') return [customFault(issue, path)];
  if (issue.code === 'invalid_type') return [typeFault(issue, path)];
  if (issue.code === 'too_small')
    return [{ rule: 'empty-value', path, what: 'value', message: 'Must not be empty' }];
  if (issue.code === 'too_big')
    return [
      { rule: 'out-of-range', path, what: 'value', message: `Must have at most ${issue.maximum} entries` },
    ];
  return [
    {
      rule: 'bad-value',
      path,
      what: 'value',
      message: `Cannot be read: current value is ${show(issue.input)}`,
    },
  ];
}

function unknownKeys(
  issue: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>,
  path: Path,
  room: number,
): SchemaFault[] {
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  return (issue.keys as readonly string[]).slice(0, room).map((key) => {
    const near = didYouMean(key, known);
    return {
      rule: 'unknown-key' as const,
      path: [...path, key],
      what: 'key' as const,
      message: `Unknown key ${show(key)}`,
      hint: near === undefined ? `Known here: ${known.join(', ')}` : `Did you mean "${near}"?`,
      ...(near === undefined ? {} : { near }),
    };
  });
}

function customFault(issue: z.core.$ZodRawIssue<z.core.$ZodIssueCustom>, path: Path): SchemaFault {
  const params = issue.params ?? {};
  const rule = typeof params.rule === 'string' && isRuleId(params.rule) ? params.rule : 'bad-value';
  const hint = params.hint;
  return {
    rule,
    path,
    what: rule === 'empty-value' ? 'key' : 'value',
    message: nameMissing(rule, String(issue.message), path),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(params.secret === true ? { secret: true } : {}),
  };
}

function typeFault(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>, path: Path): SchemaFault {
  if (issue.input === undefined)
    return { rule: 'missing-key', path, what: 'key', message: nameMissing('missing-key', '', path) };
  if (issue.input === null)
    return {
      rule: 'empty-value',
      path,
      what: 'key',
      message: 'The key has no value',
      hint: 'Give it a value or remove the key',
    };
  const wanted = issue.expected === 'array' ? 'a list' : 'a block of keys';
  const hint = issue.expected === 'array' ? 'Begin each entry with "- ", or write [A, B]' : undefined;
  return {
    rule: 'wrong-type',
    path,
    what: 'value',
    message: `Must be ${wanted}: current value is ${show(issue.input)}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function nameMissing(rule: RuleId, message: string, path: Path): string {
  const last = path.at(-1);
  return rule === 'missing-key' && typeof last === 'string' ? `The key "${last}" is missing` : message;
}

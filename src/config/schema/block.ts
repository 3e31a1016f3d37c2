// Blocks, lists and choices between spellings: everything of the language that is no scalar.
import { z } from 'zod';
import { describe } from './field.ts';

/** No list of a configuration is longer; the bound keeps garbage from costing memory. */
const MOST_ENTRIES = 1_000_000;

/** More faults than anybody reads; keeps a file of garbage from costing a second. */
export const MOST_FAULTS = 2000;

/** A strict block of keys. An unknown key is an error; its candidates are the keys of the shape. */
export function block<S extends z.ZodRawShape>(about: string, shape: S): z.ZodObject<S, z.core.$strict> {
  return describe(z.strictObject(shape), about);
}

export function list<S extends z.ZodType>(
  about: string,
  item: S,
  limits: { min?: number; max?: number } = {},
) {
  const { min, max = MOST_ENTRIES } = limits;
  const schema = min === undefined ? z.array(item).max(max) : z.array(item).min(min).max(max);
  return describe(withFewFaults(schema), about);
}

/** Keys of the person's own choice (headers, sysctls). */
export function table<S extends z.ZodType>(about: string, value: S) {
  return describe(withFewFaults(z.record(z.string(), value)), about);
}

/** zod hands faults up as arguments of one call, and a hundred thousand arguments overflow the stack. */
function withFewFaults<S extends z.ZodType>(schema: S): S {
  const internals = schema._zod;
  const run = internals.run === internals.parse ? undefined : internals.run;
  internals.run = (payload, context) => {
    const done = run === undefined ? internals.parse(payload, context) : run(payload, context);
    if (!(done instanceof Promise) && done.issues.length > MOST_FAULTS) done.issues.length = MOST_FAULTS;
    return done;
  };
  return schema;
}

export interface Choice {
  /** How the reference page calls this spelling: `list`, `block`, `type: http`. */
  readonly label: string;
  readonly schema: z.ZodType;
}

const CHOICES = new WeakMap<object, readonly Choice[]>();

export function choicesOf(schema: object): readonly Choice[] | undefined {
  return CHOICES.get(schema);
}

/**
 * One of several spellings. A function looks at the value and says which one was meant, so that the faults are those of
 * that spelling and not of a union's every branch.
 */
export function either<T>(
  about: string,
  choices: readonly Choice[],
  pick: (value: unknown) => z.ZodType<T> | string,
): z.ZodType<T> {
  const schema = z.any().check((payload) => {
    if (payload.value === undefined || payload.value === null) {
      const rule = payload.value === undefined ? 'missing-key' : 'empty-value';
      const message = payload.value === undefined ? 'A required key is missing' : 'The key has no value';
      payload.issues.push({ code: 'custom', input: payload.value, message, params: { rule } });
      return;
    }
    const picked = pick(payload.value);
    if (typeof picked === 'string') {
      payload.issues.push({
        code: 'custom',
        input: payload.value,
        message: picked,
        params: { rule: 'wrong-type' },
      });
      return;
    }
    const inner = picked._zod.run({ value: payload.value, issues: [] }, { async: false });
    if (inner instanceof Promise) throw new Error('The schema must not be asynchronous');
    if (inner.issues.length > 0) payload.issues.push(...inner.issues);
    else payload.value = inner.value;
  });
  CHOICES.set(schema, choices);
  return describe(schema, about) as unknown as z.ZodType<T>;
}

/** One thing or a list of them; comes out as a list. */
export function oneOrMany<S extends z.ZodType>(about: string, item: S): z.ZodType<z.output<S>[]> {
  const many = list(about, item) as unknown as z.ZodType<z.output<S>[]>;
  const one = item.transform((value) => [value]) as unknown as z.ZodType<z.output<S>[]>;
  return either<z.output<S>[]>(
    about,
    [
      { label: 'one', schema: item },
      { label: 'list', schema: many },
    ],
    (value) => (Array.isArray(value) ? many : one),
  );
}

export function isBlock(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

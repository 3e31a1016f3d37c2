// One scalar of the language: how it is read, and everything the reference page and the editor schema say about it.
import { z } from 'zod';

/** JSON Schema of one value, as editors read it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What the reference page prints of one field. */
export interface FieldDoc {
  readonly type: string;
  readonly default?: string;
  readonly unit?: string;
  readonly allowed?: string;
  readonly json: JsonSchema;
  /** Set for secrets: no diagnostic may show what stands there. */
  readonly secret?: true;
}

/** Why a scalar was refused; `rule` is one of the catalogue in check/rules.ts. */
export class Fault {
  readonly rule: string;
  readonly message: string;
  readonly hint: string | undefined;

  constructor(rule: string, message: string, hint?: string) {
    this.rule = rule;
    this.message = message;
    this.hint = hint;
  }
}

/** One for all: each schema made costs start-up time, and `check` makes one of its own. */
const ANY = z.any();
const DOCS = new WeakMap<object, FieldDoc>();
const ABOUT = new WeakMap<object, string>();

/** Says what a part is for. Not by `meta`, which makes another schema for each. */
export function describe<S extends object>(schema: S, about: string): S {
  ABOUT.set(schema, about);
  return schema;
}

export function aboutOf(schema: object): string {
  return ABOUT.get(schema) ?? '';
}

/** The doc of a scalar, or undefined for objects, lists and whatever else is no scalar. */
export function fieldDocOf(schema: object): FieldDoc | undefined {
  return DOCS.get(schema);
}

/**
 * A scalar read by a function of ours instead of zod's types: one clear message instead of a union of four, and the value
 * that comes out is already a number of milliseconds, a canonical address and so on.
 */
export function scalar<T>(about: string, doc: FieldDoc, read: (value: unknown) => T | Fault): z.ZodType<T> {
  const schema = ANY.check((payload) => {
    const outcome =
      payload.value === undefined
        ? new Fault('missing-key', 'A required key is missing')
        : payload.value === null
          ? new Fault('empty-value', 'The key has no value', 'Give it a value or remove the key')
          : read(payload.value);
    if (outcome instanceof Fault) {
      payload.issues.push({
        code: 'custom',
        input: payload.value,
        message: outcome.message,
        params: { rule: outcome.rule, hint: outcome.hint, secret: doc.secret },
      });
    } else {
      payload.value = outcome;
    }
  });
  DOCS.set(schema, doc);
  return describe(schema, about) as unknown as z.ZodType<T>;
}

export function opt<S extends z.ZodType>(schema: S): z.ZodOptional<S> {
  return schema.optional();
}

/** How a value is quoted in a message; long ones are cut. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : kindOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a block of keys';
  return String(value);
}

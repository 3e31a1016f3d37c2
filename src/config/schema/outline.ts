// The schema as a tree that can be printed: what the reference page, the editor schema and completion are made from.
import { z } from 'zod';
import { choicesOf } from './block.ts';
import { aboutOf, type FieldDoc, fieldDocOf } from './field.ts';
import { healthSchema } from './health.ts';
import { memberSchema } from './member.ts';
import { poolTlsSchema } from './pool.ts';

export type Outline =
  | { readonly kind: 'scalar'; readonly about: string; readonly doc: FieldDoc }
  | { readonly kind: 'word'; readonly about: string; readonly value: string }
  | { readonly kind: 'block'; readonly about: string; readonly keys: readonly OutlineKey[] }
  | { readonly kind: 'list'; readonly about: string; readonly item: Outline }
  | { readonly kind: 'table'; readonly about: string; readonly value: Outline }
  | { readonly kind: 'choice'; readonly about: string; readonly choices: readonly OutlineChoice[] }
  /** Described once, elsewhere: see SHARED. */
  | { readonly kind: 'shared'; readonly about: string; readonly name: SharedName };

export interface OutlineKey {
  readonly key: string;
  readonly required: boolean;
  readonly value: Outline;
}

export interface OutlineChoice {
  readonly label: string;
  readonly value: Outline;
}

/** Parts that stand in several places of the language. */
const SHARED = {
  member: memberSchema,
  'health check': healthSchema,
  'TLS to members': poolTlsSchema,
} as const;
export type SharedName = keyof typeof SHARED;

export function outlineOf(schema: object): Outline {
  const inner = unwrap(schema);
  const about = aboutOf(inner);
  for (const [name, shared] of Object.entries(SHARED))
    if (inner === shared) return { kind: 'shared', about, name: name as SharedName };
  return outlineInside(inner);
}

export function outlineOfShared(name: SharedName): Outline {
  return outlineInside(SHARED[name]);
}

export function sharedNames(): readonly SharedName[] {
  return Object.keys(SHARED) as SharedName[];
}

function outlineInside(schema: object): Outline {
  const about = aboutOf(schema);
  const doc = fieldDocOf(schema);
  if (doc !== undefined) return { kind: 'scalar', about, doc };
  const choices = choicesOf(schema);
  if (choices !== undefined)
    return {
      kind: 'choice',
      about,
      choices: choices.map((choice) => ({ label: choice.label, value: outlineOf(choice.schema) })),
    };
  if (schema instanceof z.ZodObject)
    return {
      kind: 'block',
      about,
      keys: Object.entries(schema.shape).map(([key, value]) => ({
        key,
        required: !(value instanceof z.ZodOptional),
        value: outlineOf(value as object),
      })),
    };
  if (schema instanceof z.ZodArray) return { kind: 'list', about, item: outlineOf(schema.element) };
  if (schema instanceof z.ZodRecord)
    return { kind: 'table', about, value: outlineOf(schema.valueType as object) };
  if (schema instanceof z.ZodLiteral) return { kind: 'word', about, value: String(schema.value) };
  throw new Error(`Cannot describe a part of the schema: ${schema.constructor.name}`);
}

/** Optional and converted parts are described as what they hold. */
function unwrap(schema: object): object {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}

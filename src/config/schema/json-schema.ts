// The editor schema: JSON Schema draft 2020-12 of the main file, built from the outline of our own schema.

import { includedSchema, mainSchema } from './document.ts';
import type { JsonSchema } from './field.ts';
import { listenerSchema } from './listener.ts';
import { memberSchema } from './member.ts';
import { type Outline, outlineOf, outlineOfShared, type SharedName, sharedNames } from './outline.ts';
import { poolSchema } from './pool.ts';
import { certificateSchema, vipSchema } from './vip.ts';

/** A name that stays, and no host that would have to. */
export const SCHEMA_ID = 'urn:steelyard:config:1';

const KIND_SCHEMAS = {
  vip: vipSchema,
  pool: poolSchema,
  listener: listenerSchema,
  certificate: certificateSchema,
  member: memberSchema,
} as const;

/** Of one object as the API takes it; what it shares with others stands in `sharedJsonSchemas`. */
export function objectJsonSchema(kind: keyof typeof KIND_SCHEMAS): JsonSchema {
  const outline = outlineOf(KIND_SCHEMAS[kind]);
  return outline.kind === 'shared' ? toJson(outlineOfShared(outline.name)) : toJson(outline);
}

/** By the last word of the `#/$defs/NAME` that refers to them. */
export function sharedJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(sharedNames().map((name) => [defName(name), toJson(outlineOfShared(name))]));
}

export function configJsonSchema(): JsonSchema {
  const main = toJson(outlineOf(mainSchema));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: SCHEMA_ID,
    title: 'Configuration of lbctl',
    ...main,
    $defs: {
      ...sharedJsonSchemas(),
      'included-file': includedJson(),
    },
  };
}

/** An included file holds some of the keys of the main one, each the same. */
function includedJson(): JsonSchema {
  const keys = Object.keys(includedSchema.shape);
  return {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, { $ref: `#/properties/${key}` }])),
    additionalProperties: false,
  };
}

function toJson(outline: Outline): JsonSchema {
  const description = outline.about === '' ? {} : { description: outline.about };
  switch (outline.kind) {
    case 'scalar':
      return { ...description, ...outline.doc.json, ...defaultOf(outline.doc) };
    case 'word':
      return { ...description, const: outline.value };
    case 'list':
      return { ...description, type: 'array', items: toJson(outline.item) };
    case 'table':
      return { ...description, type: 'object', additionalProperties: toJson(outline.value) };
    case 'choice':
      return { ...description, anyOf: outline.choices.map((choice) => toJson(choice.value)) };
    case 'shared':
      return { $ref: `#/$defs/${defName(outline.name)}` };
    case 'block': {
      const required = outline.keys.filter((key) => key.required).map((key) => key.key);
      return {
        ...description,
        type: 'object',
        properties: Object.fromEntries(outline.keys.map(({ key, value }) => [key, toJson(value)])),
        ...(required.length === 0 ? {} : { required }),
        additionalProperties: false,
      };
    }
  }
}

/** As the editor would write it: numbers and switches without quotes. */
function defaultOf(doc: { readonly type: string; readonly default?: string }): JsonSchema {
  if (doc.default === undefined) return {};
  if (doc.type === 'whole number') return { default: Number(doc.default) };
  if (doc.type === 'true or false') return { default: doc.default === 'true' };
  return { default: doc.default };
}

function defName(name: SharedName): string {
  return name.toLowerCase().replaceAll(' ', '-');
}

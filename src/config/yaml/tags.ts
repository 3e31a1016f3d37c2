// Explicit tags: the core schema's own, which restate what a value is; no others, for they mean nothing here.
import { resolvePlain } from './core-scalar.ts';
import type { Finding } from './findings.ts';

type Tagged =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly finding: Finding };

const CORE = 'tag:yaml.org,2002:';

/** `!!str`, `!<tag:yaml.org,2002:str>` and `!` to the core name; undefined for others. */
function coreName(tag: string): string | undefined {
  if (tag === '!') return 'str';
  if (tag.startsWith(`!<${CORE}`) && tag.endsWith('>')) return tag.slice(CORE.length + 2, -1);
  return tag.startsWith('!!') ? tag.slice(2) : undefined;
}

export function resolveTagged(tag: string, text: string): Tagged {
  const name = coreName(tag);
  if (name === 'str') return { ok: true, value: text };
  const value = resolvePlain(text);
  const fits =
    (name === 'int' && Number.isInteger(value)) ||
    (name === 'float' && typeof value === 'number') ||
    (name === 'bool' && typeof value === 'boolean') ||
    (name === 'null' && value === null);
  if (fits) return { ok: true, value };
  const known = ['int', 'float', 'bool', 'null'].includes(name ?? '');
  return { ok: false, finding: known ? misfit(tag, text) : unknownTag(tag) };
}

/** Undefined where the tag of a list or map says what it is anyway. */
export function collectionTagFault(tag: string, kind: 'list' | 'map'): Finding | undefined {
  if (tag === '!') return undefined;
  return coreName(tag) === (kind === 'list' ? 'seq' : 'map') ? undefined : unknownTag(tag);
}

function misfit(tag: string, text: string): Finding {
  return {
    rule: 'yaml-tag',
    message: `The value does not fit its tag ${tag}`,
    value: text.slice(0, 80),
    hint: 'Remove the tag',
  };
}

function unknownTag(tag: string): Finding {
  return {
    rule: 'yaml-tag',
    message: `The tag ${tag.slice(0, 80)} has no meaning here`,
    hint: 'Remove the tag; a value that begins with "!" needs quotes',
  };
}

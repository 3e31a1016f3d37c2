// Objects as a person names them: the kind, the name, and settings such as `weight=3`, `limits.connections=100` or `drain-`.
import { InputError } from '../model/errors.ts';
import { word } from './client.ts';
import { toTarget } from './member-target.ts';

export const OBJECT_WORDS = ['listener', 'pool', 'member', 'vip', 'certificate'] as const;
export type ObjectWord = (typeof OBJECT_WORDS)[number];

/** Where it stands in the API. */
export function pathOf(kind: ObjectWord, name: string): string {
  if (kind !== 'member') return `/v1/${kind}s/${word(name)}`;
  const { pool, member } = toTarget(name);
  return `/v1/pools/${word(pool)}/members/${word(member)}`;
}

/** Where another one of its kind is made, and how the body says its name. */
export function birthplaceOf(
  kind: ObjectWord,
  name: string,
): { readonly path: string; readonly name: string } {
  if (kind !== 'member') return { path: `/v1/${kind}s`, name };
  const { pool, member } = toTarget(name);
  return { path: `/v1/pools/${word(pool)}/members`, name: member };
}

export type Settings = Record<string, unknown>;

/** As a merge patch: `key=value` sets (the value is YAML), `key-` takes away, `a.b=c` reaches inside. */
export async function readSettings(words: readonly string[]): Promise<Settings> {
  const { parse } = await import('yaml');
  const out: Settings = {};
  for (const text of words) {
    const [, path = '', cleared, , value = ''] = /^([a-z0-9_.]+)(?:(-)|(=)([\s\S]*))$/.exec(text) ?? [];
    if (path === '' || path.split('.').includes(''))
      throw new InputError('USAGE', `Cannot read "${text}" as a setting: it must be KEY=VALUE or KEY-`, {
        hint: 'For example weight=3, limits.connections=100, drain-',
      });
    put(out, path.split('.'), cleared === undefined ? valueOfText(value, text, parse) : null);
  }
  return out;
}

function valueOfText(value: string, text: string, parse: (text: string) => unknown): unknown {
  try {
    // Nothing after "=" is an empty text, not "take it away".
    return value === '' ? '' : parse(value);
  } catch (cause) {
    throw new InputError('USAGE', `Cannot read the value of "${text}" as YAML`, { cause });
  }
}

function put(into: Settings, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = Object.hasOwn(into, key) ? into[key] : undefined;
  const block = typeof inner === 'object' && inner !== null ? (inner as Settings) : {};
  into[key] = block;
  put(block, rest, value);
}

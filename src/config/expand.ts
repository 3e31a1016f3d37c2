// `${NAME}` in any string becomes the value of the environment variable; `$$` is one dollar sign.
import { defineKey } from '../lib/define-key.ts';
import type { Path } from './source.ts';

export interface Expansion {
  readonly value: unknown;
  readonly missing: readonly { readonly name: string; readonly path: Path }[];
  readonly malformed: readonly { readonly text: string; readonly path: Path }[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PART = /\$\$|\$\{([^}]*)\}?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** YAML aliases make graphs; the parser bounds them, this bounds what reaches us by another way. */
const DEEPEST = 200;

/** Leaves what holds no dollar sign as it is, so that the common case copies nothing. */
export function expand(value: unknown, env: Environment): Expansion {
  const missing: { name: string; path: Path }[] = [];
  const malformed: { text: string; path: Path }[] = [];

  function text(value: string, path: Path): string {
    return value.replace(PART, (part: string, name: string | undefined) => {
      if (part === '$$') return '$';
      if (name === undefined || !part.endsWith('}') || !NAME.test(name)) {
        malformed.push({ text: part, path });
        return part;
      }
      const found = env[name];
      if (found === undefined) missing.push({ name, path });
      return found ?? part;
    });
  }

  function walk(value: unknown, path: (string | number)[]): unknown {
    if (typeof value === 'string') return value.includes('$') ? text(value, [...path]) : value;
    if (typeof value !== 'object' || value === null || path.length > DEEPEST) return value;
    // Most of a configuration names no variable: nothing is copied until something differs.
    let copy: unknown[] | Record<string, unknown> | undefined;
    const steps = Array.isArray(value) ? value.keys() : Object.keys(value);
    for (const step of steps) {
      const item = (value as Record<string | number, unknown>)[step];
      if (typeof item !== 'string' && (typeof item !== 'object' || item === null)) continue;
      path.push(step);
      const next = walk(item, path);
      path.pop();
      if (next === item) continue;
      copy ??= Array.isArray(value) ? [...(value as unknown[])] : { ...value };
      defineKey(copy, step, next);
    }
    return copy ?? value;
  }

  return { value: walk(value, []), missing, malformed };
}

// `${NAME}` in any string becomes the value of the environment variable; `$$` is one dollar sign.
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
    let changed = false;
    if (Array.isArray(value)) {
      const out = value.map((item: unknown, index) => {
        path.push(index);
        const next = walk(item, path);
        path.pop();
        if (next !== item) changed = true;
        return next;
      });
      return changed ? out : value;
    }
    const out: [string, unknown][] = [];
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      path.push(key);
      const next = walk(item, path);
      path.pop();
      if (next !== item) changed = true;
      out.push([key, next]);
    }
    return changed ? Object.fromEntries(out) : value;
  }

  return { value: walk(value, []), missing, malformed };
}

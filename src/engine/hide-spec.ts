// A spec as it may be shown: what stands at the place of a secret is blotted out, where a secret comes from is told.
import { isSecretKey } from '../lib/secret-keys.ts';
import type { Spec } from './config-port.ts';

export const HIDDEN = '[redacted]';

export function hideSpec(spec: Spec): Spec {
  return hide(spec, false) as Spec;
}

function hide(value: unknown, secret: boolean, holder?: string): unknown {
  if (Array.isArray(value)) return value.map((one) => hide(one, secret));
  if (typeof value !== 'object' || value === null)
    return secret && (typeof value === 'string' || typeof value === 'number') ? HIDDEN : value;
  // A Secret says itself what may be said of it.
  if ('toJSON' in value) return value;
  const isReference = 'file' in value || 'env' in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      // `{ file: PATH }` says where it is; a default would say what it is.
      if (secret && isReference && (key === 'file' || key === 'env')) return [key, inner];
      return [key, hide(inner, secret || isSecretKey(holder, key), key)];
    }),
  );
}

/** What was shown as hidden and comes back so is as it was. */
export function unhideSpec(given: unknown, before: unknown): unknown {
  if (given === HIDDEN) return before ?? given;
  if (Array.isArray(given))
    return given.map((one, i) =>
      unhideSpec(one, Array.isArray(before) ? partnerOf(one, i, before) : undefined),
    );
  if (typeof given !== 'object' || given === null) return given;
  const old = typeof before === 'object' && before !== null ? (before as Spec) : {};
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [
      key,
      unhideSpec(inner, Object.hasOwn(old, key) ? old[key] : undefined),
    ]),
  );
}

/** The first place that is hidden still: nobody can say what was meant there. */
export function hiddenPlace(value: unknown, path = ''): string | undefined {
  if (value === HIDDEN) return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = hiddenPlace(
      inner,
      Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Members may have changed their places: whoever has a name is known by it. */
function partnerOf(one: unknown, index: number, before: readonly unknown[]): unknown {
  const name = nameOf(one);
  return name === undefined ? before[index] : before.find((old) => nameOf(old) === name);
}

function nameOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, address, port } = value as Spec;
  return name ?? (address === undefined ? undefined : `${address} ${port}`);
}

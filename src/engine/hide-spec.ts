// A spec as it may be shown: what stands at the place of a secret is blotted out, where a secret comes from is told.
import { HIDDEN, isPartlySecret, shownPart } from '../lib/partly-secret.ts';
import { isSecretKey } from '../lib/secret-keys.ts';
import { stableJson } from '../lib/stable-json.ts';
import type { Spec } from './config-port.ts';

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
      return [key, hide(shownPart(key, inner), secret || isSecretKey(holder, key), key)];
    }),
  );
}

/** What was shown as hidden and comes back so is as it was. */
export function unhideSpec(given: unknown, before: unknown, holder?: string): unknown {
  if (given === HIDDEN) return before ?? given;
  if (Array.isArray(given)) {
    const partners = Array.isArray(before) ? partnersOf(given, before, holder) : [];
    return given.map((one, i) => unhideSpec(one, partners[i], holder));
  }
  if (typeof given !== 'object' || given === null) return given;
  const old = typeof before === 'object' && before !== null ? (before as Spec) : {};
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => {
      const was = Object.hasOwn(old, key) ? old[key] : undefined;
      if (!isPartlySecret(key)) return [key, unhideSpec(inner, was, key)];
      // Whole or not at all: of a part nobody can say where in the new whole it belongs.
      return [key, stableJson(inner) === stableJson(shownPart(key, was)) ? was : inner];
    }),
  );
}

/** The first place that is hidden still: nobody can say what was meant there. */
export function hiddenPlace(value: unknown, path = '', key = ''): string | undefined {
  if (value === HIDDEN || (typeof value === 'string' && isPartlySecret(key) && value.includes(HIDDEN)))
    return path;
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  for (const [name, inner] of Object.entries(value)) {
    const place = isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    const found = hiddenPlace(inner, place, isList ? key : name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What each of a list was before. They may have changed their places: whoever has a name is known by it, others by being as they were
 * shown, and by their place only where none came or went.
 */
function partnersOf(
  given: readonly unknown[],
  before: readonly unknown[],
  holder?: string,
): readonly unknown[] {
  const shown = before.map((one) => stableJson(hide(one, false, holder)));
  const left = new Set(before.keys());
  const same = given.map((one, i) => {
    const text = stableJson(one);
    const found =
      left.has(i) && shown[i] === text ? i : shown.findIndex((old, k) => left.has(k) && old === text);
    left.delete(found);
    return found;
  });
  return given.map((one, i) => {
    const name = nameOf(one);
    if (name !== undefined) return before.find((old) => nameOf(old) === name);
    if (same[i] !== -1) return before[same[i]!];
    return given.length === before.length && left.has(i) ? before[i] : undefined;
  });
}

function nameOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, address, port } = value as Spec;
  return name ?? (address === undefined ? undefined : `${address} ${port}`);
}

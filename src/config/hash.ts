// One SHA-256 for what was asked for: equal for two spellings of the same Intent, and without any secret in it.

import { createHash, hash as hashOnce } from 'node:crypto';
import { Note } from '../lib/note.ts';
import type { Secret } from '../lib/secret.ts';
import type { Intent } from '../model/intent.ts';

/**
 * Over the digests of the canonical JSON of each object, in blocks: the decoder builds every object with its keys in one order and
 * sorts tables of the person's own keys, so only the named objects are sorted here. Secrets print as `[redacted]`; their digests are
 * added in the order they stand.
 */
export function hashOf(intent: Intent, secrets: readonly Secret[]): string {
  const hash = createHash('sha256');
  const { vips, listeners, pools, certificates, ...rest } = intent;
  hash.update(JSON.stringify(rest));
  for (const objects of [vips, listeners, pools, certificates] as readonly ReadonlyMap<string, object>[]) {
    const sorted = sortedNames(objects).map((name) => objects.get(name)!);
    hash.update('\n');
    for (let at = 0; at < sorted.length; at += BLOCK) hash.update(blockDigest(sorted.slice(at, at + BLOCK)));
  }
  for (const secret of secrets) hash.update(createHash('sha256').update(secret.reveal()).digest());
  return hash.digest('hex');
}

/** So many objects have one digest: of thousands a write changes one. */
const BLOCK = 64;

/** By the first of them. */
const BLOCKS = new Note<object, { readonly objects: readonly object[]; readonly digest: string }>();

function blockDigest(objects: readonly object[]): string {
  const [first] = objects;
  const known = BLOCKS.get(first!);
  if (known?.objects.length === objects.length && objects.every((one, i) => one === known.objects[i]))
    return known.digest;
  const digest = hashOnce('sha256', objects.map(digestOf).join(' '), 'base64url');
  BLOCKS.set(first!, { objects, digest });
  return digest;
}

/** Names change seldom: those of the last Intent of this size are kept in their order. */
const SORTED = new Map<number, readonly string[]>();
const MOST_SORTED = 8;

function sortedNames(objects: ReadonlyMap<string, object>): readonly string[] {
  const before = SORTED.get(objects.size);
  if (before?.every((name) => objects.has(name)) === true) return before;
  const sorted = [...objects.keys()].sort();
  if (SORTED.size >= MOST_SORTED) SORTED.clear();
  SORTED.set(objects.size, sorted);
  return sorted;
}

/** An object that was decoded once is never written to: it is digested once too. */
const DIGESTS = new Note<object, string>();

function digestOf(object: object): string {
  let digest = DIGESTS.get(object);
  if (digest === undefined) {
    digest = hashOnce('sha256', JSON.stringify(object), 'base64url');
    DIGESTS.set(object, digest);
  }
  return digest;
}

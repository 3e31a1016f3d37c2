// One SHA-256 for what was asked for: equal for two spellings of the same Intent, and without any secret in it.
import { createHash } from 'node:crypto';
import type { Secret } from '../lib/secret.ts';
import type { Intent } from '../model/intent.ts';

/** Characters handed over at once: calls cost more than the digest of a small object. */
const CHUNK = 65_536;

/**
 * Canonical JSON: the decoder builds every object with its keys in one order and sorts tables of the person's own keys, so
 * only the named objects are sorted here. Secrets print as `[redacted]`; their digests are added in the order they stand.
 */
export function hashOf(intent: Intent, secrets: readonly Secret[]): string {
  const hash = createHash('sha256');
  const { vips, listeners, pools, certificates, ...rest } = intent;
  hash.update(JSON.stringify(rest));
  for (const objects of [vips, listeners, pools, certificates] as readonly ReadonlyMap<string, object>[]) {
    let text = '\n';
    for (const name of [...objects.keys()].sort()) {
      text += jsonOf(objects.get(name)!);
      if (text.length < CHUNK) continue;
      hash.update(text);
      text = '';
    }
    hash.update(text);
  }
  for (const secret of secrets) hash.update(createHash('sha256').update(secret.reveal()).digest());
  return hash.digest('hex');
}

/** An object that was decoded once is never written to: its text is made once too. */
const TEXTS = new WeakMap<object, string>();

function jsonOf(object: object): string {
  let text = TEXTS.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    TEXTS.set(object, text);
  }
  return text;
}

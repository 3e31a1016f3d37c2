// Takes secrets out of values and texts that leave the house: by the name of their key, by their form, and those we know.
import { shownPart } from './partly-secret.ts';
import { Secret } from './secret.ts';
import { mayBeSecret } from './secret-keys.ts';

export const REDACTED = '[redacted]';
const KEYS =
  /(^|[_-]|(?<=[a-z]))(pass|password|passphrase|passwd|secret|token|credential|authorization|private_?key)s?$/i;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const API_TOKEN = /\blbt_[0-9a-f]{12}_[\w-]{43}/g;
/** `https://user:word@host` */
const URL_LOGIN = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;
const DEEPEST = 64;

/** Plain texts of every Secret in a value. */
export function secretsIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const seen = new Set<object>();
  const walk = (inner: unknown): void => {
    if (inner === null || typeof inner !== 'object' || seen.has(inner)) return;
    seen.add(inner);
    if (inner instanceof Secret) {
      const text = inner.reveal();
      if (text !== '') found.add(text);
    } else if (inner instanceof Map) for (const [key, one] of inner) [key, one].forEach(walk);
    else for (const one of inner instanceof Set ? inner : Object.values(inner)) walk(one);
  };
  walk(value);
  return found;
}

/** The same shape with secrets out; a key that names one loses its whole value. */
export function redact(value: unknown, secrets: ReadonlySet<string> = new Set()): unknown {
  const ordered = longestFirst(secrets);
  const walk = (inner: unknown, depth: number, holder?: string): unknown => {
    if (typeof inner === 'string') return clean(inner, ordered);
    if (inner === null || typeof inner !== 'object') return inner;
    if (inner instanceof Secret || depth > DEEPEST) return REDACTED;
    if (Array.isArray(inner)) return inner.map((one) => walk(one, depth + 1));
    const entries = inner instanceof Map ? [...inner] : Object.entries(inner);
    return Object.fromEntries(
      entries.map(([key, one]) => [
        clean(String(key), ordered),
        isNamed(String(key), holder) && one !== null && one !== undefined && typeof one !== 'boolean'
          ? REDACTED
          : walk(shownPart(String(key), one), depth + 1, String(key)),
      ]),
    );
  };
  return walk(value, 0);
}

function isNamed(key: string, holder: string | undefined): boolean {
  return KEYS.test(key) || mayBeSecret(holder, key);
}

export function redactText(text: string, secrets: ReadonlySet<string> = new Set()): string {
  return clean(text, longestFirst(secrets));
}

/** One secret may be the start of another: the longer one goes first, or its end would stay. */
function longestFirst(secrets: ReadonlySet<string>): readonly string[] {
  return [...secrets].filter((one) => one !== '').sort((a, b) => b.length - a.length);
}

function clean(text: string, secrets: readonly string[]): string {
  let out = text
    .replaceAll(PRIVATE_KEY, REDACTED)
    .replaceAll(API_TOKEN, REDACTED)
    .replaceAll(URL_LOGIN, `$1:${REDACTED}@`);
  for (const secret of secrets) {
    if (out.includes(secret)) out = out.replaceAll(secret, REDACTED);
    // As JSON or YAML would write it inside a longer text.
    const quoted = JSON.stringify(secret).slice(1, -1);
    if (quoted !== secret && out.includes(quoted)) out = out.replaceAll(quoted, REDACTED);
  }
  return out;
}

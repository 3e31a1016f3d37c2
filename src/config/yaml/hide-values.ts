// The text of a file without its secrets, wherever and however its values are written: over lines, in blocks, beside a key that is
// no secret's. What cannot be parsed is left to those who look at lines.
import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { secretStart, secretStartOfWord } from '../../lib/partly-secret.ts';
import { isSecretKey } from '../../lib/secret-keys.ts';
import { YAML_LIMITS } from './limits.ts';

/** `{ file: PATH }` says where a secret is, not what it is. */
const REFERENCE: ReadonlySet<string> = new Set(['file', 'env']);
/** The login, and what follows the host: of a webhook that is often its key. */
const BESIDE_HOST = /(?<=^[a-z][a-z0-9+.-]*:\/\/)[^/@]*(?=@)|(?<=:\/\/[^/?#]*)[/?#].*/gis;

interface Frame {
  readonly isMap: boolean;
  /** Of the block itself. */
  readonly key: string | undefined;
  readonly secret: boolean;
  readonly inWebhooks: boolean;
  /** Of the value that comes next; in a map, undefined before a key. */
  next: string | undefined;
  /** How many came. */
  count: number;
}

/** Every character of them but blanks becomes a star: lines and columns stay. */
export function hideValues(text: string): string {
  let out = '';
  let done = 0;
  for (const [start, end] of secretRanges(text, eventsOf(text))) {
    if (start < done) continue;
    out += text.slice(done, start) + text.slice(start, end).replace(/\S/g, '*');
    done = end;
  }
  return out + text.slice(done);
}

function eventsOf(text: string): readonly Event[] {
  try {
    return parseEvents(text, { maxDepth: 4 * YAML_LIMITS.depth });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return [];
  }
}

function* secretRanges(text: string, events: readonly Event[]): Generator<readonly [number, number]> {
  const frames: Frame[] = [];
  for (const event of events) {
    const frame = frames.at(-1);
    if (event.type === EVENT_ID.POP) {
      frames.pop();
      const above = frames.at(-1);
      if (above?.isMap === true) above.next = undefined;
      continue;
    }
    const key = frame === undefined ? undefined : frame.isMap ? frame.next : frame.key;
    if (event.type === EVENT_ID.SCALAR && frame?.isMap === true && frame.next === undefined) {
      frame.next = getScalarValue(text, event);
      continue;
    }
    const secret = frame !== undefined && isSecret(frame, key);
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      const inWebhooks = frame?.inWebhooks === true || key === 'webhooks';
      frames.push({
        isMap: event.type === EVENT_ID.MAPPING,
        key,
        secret,
        inWebhooks,
        next: undefined,
        count: 0,
      });
      continue;
    }
    if (event.type === EVENT_ID.SCALAR) {
      const { valueStart, valueEnd } = event;
      if (secret) yield [valueStart, valueEnd];
      else if (frame?.inWebhooks === true && key === 'url')
        for (const { index, 0: part } of text.slice(valueStart, valueEnd).matchAll(BESIDE_HOST))
          yield [valueStart + index, valueStart + index + part.length];
      else if (frame !== undefined && key !== undefined) {
        const start = partOf(frame, key, text.slice(valueStart, valueEnd));
        if (start !== undefined) yield [valueStart + start, valueEnd];
      }
    }
    if (frame === undefined) continue;
    if (frame.isMap) frame.next = undefined;
    frame.count++;
  }
}

/** Of a list of words each, but for the program. */
function partOf({ isMap, count }: Frame, key: string, written: string): number | undefined {
  if (isMap) return secretStart(key, written);
  return key === 'command' && count > 0 ? secretStartOfWord(written) : undefined;
}

function isSecret({ isMap, key: holder, secret }: Frame, key: string | undefined): boolean {
  if (!isMap || key === undefined) return secret;
  if (secret) return !REFERENCE.has(key);
  return isSecretKey(holder, key);
}

// What failures to say who asks cost an address: first time, then a door that is shut for a while. Pure but for its memory.

export interface Verdict {
  /** The answer waits this long. */
  readonly slowMs: number;
  /** Nothing is looked at for this long; 0 is an open door. */
  readonly shutMs: number;
}

interface Record {
  failures: number;
  lastMs: number;
  shutUntilMs: number;
  times: number;
}

/** A person mistypes three times; a fourth failure is slower. */
const FREE = 3;
const SLOW_MS = 250;
const SLOWEST_MS = 4000;
/** So many failures shut the door. */
const LIMIT = 10;
const SHUT_MS = 60_000;
const LONGEST_SHUT_MS = 15 * 60_000;
/** Forgotten after so long without a failure. */
const FORGET_MS = 30 * 60_000;
const MOST_ADDRESSES = 10_000;

export class Lockout {
  /** Oldest failure first: it is what goes when there are too many. */
  readonly #records = new Map<string, Record>();

  get size(): number {
    return this.#records.size;
  }

  /** By a clock that does not jump. */
  verdict(address: string, nowMs: number): Verdict {
    const record = this.#records.get(keyOf(address));
    if (record === undefined || nowMs - record.lastMs > FORGET_MS) return { slowMs: 0, shutMs: 0 };
    const over = record.failures - FREE;
    return {
      slowMs: over < 0 ? 0 : Math.min(SLOWEST_MS, SLOW_MS * 2 ** over),
      shutMs: Math.max(0, record.shutUntilMs - nowMs),
    };
  }

  failed(address: string, nowMs: number): void {
    const key = keyOf(address);
    const before = this.#records.get(key);
    const fresh = before === undefined || nowMs - before.lastMs > FORGET_MS;
    const record = fresh ? { failures: 0, lastMs: 0, shutUntilMs: 0, times: 0 } : before;
    record.failures++;
    record.lastMs = nowMs;
    if (record.failures >= LIMIT) {
      record.shutUntilMs = nowMs + Math.min(LONGEST_SHUT_MS, SHUT_MS * 2 ** record.times);
      record.times = Math.min(record.times + 1, 10);
      // Once it is open again one more failure is slow, ten more shut it for longer.
      record.failures = FREE;
    }
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size > MOST_ADDRESSES) this.#records.delete(this.#records.keys().next().value!);
  }

  succeeded(address: string): void {
    this.#records.delete(keyOf(address));
  }
}

/** Whoever has one IPv6 address has all of its /64. An IPv4 address in IPv6 clothes is itself. */
export function keyOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%', 1)[0]!;
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? front
      : [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

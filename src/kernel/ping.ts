// ICMP echo through raw sockets: one socket a family, shared by all checks of a thread.
import { randomBytes, randomInt } from 'node:crypto';
import type { Family } from '../lib/ip.ts';
import { decodeIcmp, encodeEchoRequest } from '../wire/icmp-echo.ts';
import { int32, NativeSocket, SOCK } from './native/socket.ts';
import { familyOfTarget, setWay, toSocketAddress, type Way } from './probe-socket.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** Thousands of replies may arrive between two looks. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Level and name of the filter option: ICMP_FILTER (linux/icmp.h), ICMPV6_FILTER (linux/icmpv6.h). */
const FILTER_OPTION = { 4: [255, 1], 6: [58, 1] } as const;
/** Echo replies and the errors that quote a request; everything else, our own requests on loopback too, stays away. */
const WANTED_TYPES = { 4: [0, 3, 11, 12], 6: [1, 2, 3, 4, 129] } as const;
/** Node cannot wait for such a socket, so it is looked at this often while an answer is due. */
const LOOK_MS = 2;
const NONCE_BYTES = 8;

export type PingEnd = { readonly ok: true } | { readonly ok: false; readonly why: string };

interface Waiting {
  readonly nonce: Buffer;
  readonly done: (end: PingEnd) => void;
}

class Pinger {
  readonly #family: Family;
  readonly #socket: NativeSocket;
  readonly #id = randomInt(0x10000);
  readonly #waiting = new Map<number, Waiting>();
  readonly #buffer = new Uint8Array(65_536);
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(family: Family, way: Way) {
    this.#family = family;
    this.#socket =
      family === 4
        ? new NativeSocket('icmp', AF_INET, SOCK.raw, IPPROTO_ICMP)
        : new NativeSocket('icmp6', AF_INET6, SOCK.raw, IPPROTO_ICMPV6);
    this.#socket.tryOption(SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_BUFFER_BYTES));
    try {
      setWay((level, name, value) => (this.#socket.tryOption(level, name, value) ? 0 : -1), way);
      if (way.sourceAddress !== undefined) this.#socket.bind(toSocketAddress(family, way.sourceAddress));
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    const [level, name] = FILTER_OPTION[family];
    this.#socket.tryOption(level, name, typeFilter(family));
  }

  ping(address: string, payloadBytes: number, signal: AbortSignal): Promise<PingEnd> {
    return new Promise((resolve) => {
      const sequence = this.#nextSequence();
      // Proves that a reply is to our own request: whoever did not see it cannot know these bytes.
      const nonce = randomBytes(NONCE_BYTES);
      const payload = Buffer.concat([nonce, Buffer.alloc(Math.max(0, payloadBytes - NONCE_BYTES))]);
      const done = (end: PingEnd): void => {
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(sequence);
        this.#arm();
        resolve(end);
      };
      const onAbort = (): void => done({ ok: false, why: 'Timed out waiting for the echo reply' });

      signal.addEventListener('abort', onAbort);
      this.#waiting.set(sequence, { nonce, done });
      try {
        const request = encodeEchoRequest(this.#family, { id: this.#id, sequence, payload });
        this.#socket.sendTo(request, toSocketAddress(this.#family, address));
      } catch (error) {
        done({ ok: false, why: (error as Error).message });
      }
      this.#arm();
    });
  }

  #nextSequence(): number {
    do this.#sequence = (this.#sequence + 1) & 0xffff;
    while (this.#waiting.has(this.#sequence));
    return this.#sequence;
  }

  #arm(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    for (;;) {
      const length = this.#socket.receive(this.#buffer, false);
      if (length < 0) return;
      const answer = decodeIcmp(
        this.#family,
        this.#buffer.subarray(0, Math.min(length, this.#buffer.length)),
      );
      if (answer?.kind === 'reply' && answer.echo.id === this.#id) {
        const waiting = this.#waiting.get(answer.echo.sequence);
        if (waiting?.nonce.equals(answer.echo.payload.subarray(0, NONCE_BYTES))) waiting.done({ ok: true });
      } else if (answer?.kind === 'error' && answer.id === this.#id) {
        this.#waiting.get(answer.sequence)?.done({ ok: false, why: `Destination ${answer.what} (ICMP)` });
      }
    }
  }
}

/** By family and way: a socket has one device and one mark. */
const pingers = new Map<string, Pinger>();

/** Needs CAP_NET_RAW; throws OpError without. */
export async function ping(
  address: string,
  payloadBytes: number,
  signal: AbortSignal,
  way: Way = {},
): Promise<PingEnd> {
  const family = familyOfTarget(address);
  const key = [family, way.sourceAddress, way.device, way.mark].join(' ');
  const known = pingers.get(key);
  const pinger = known ?? new Pinger(family, way);
  if (known === undefined) pingers.set(key, pinger);
  return pinger.ping(address, payloadBytes, signal);
}

/** One bit a type, set for what is kept away: 32 types for IPv4, 256 for IPv6. */
function typeFilter(family: Family): Uint8Array {
  const filter = new Uint8Array(family === 4 ? 4 : 32).fill(0xff);
  // Words of 32 bits in host order, which is little endian wherever we run: bit n is in byte n / 8.
  for (const type of WANTED_TYPES[family]) filter[type >> 3]! &= ~(1 << (type & 7));
  return filter;
}

// Random packets of the common kind, now and then with something out of the ordinary: from few clients and ports, so that
// flows are met again.
import { type Bytes, FLAG, type Ip, ip, type Link, tcp, udp } from './packet.ts';
import type { Random } from './random.ts';
import { MAC } from './rig.ts';
import { CLIENT, FROM_CLIENT, FROM_MEMBER, frame, VIP } from './world.ts';

const FLAGS = [
  FLAG.ack,
  FLAG.ack,
  FLAG.ack | FLAG.psh,
  FLAG.syn,
  FLAG.syn,
  FLAG.syn | FLAG.ack,
  FLAG.fin | FLAG.ack,
  FLAG.rst,
  0,
] as const;

const SOURCES = [...[1, 2, 3, 4, 5, 6].map((n) => `198.51.100.${n}`), '127.0.0.1', '224.0.0.9'] as const;
const LINKS: readonly Link[] = [
  ...[1, 2, 3, 4, 5, 6].map(() => FROM_CLIENT),
  { from: '02:00:00:00:00:99', to: MAC.us },
  { ...FROM_CLIENT, vlans: [9] },
];
const ODD: readonly Partial<Ip>[] = [
  { ttl: 0 },
  { ttl: 1 },
  { ttl: 2 },
  { tos: 0xb9 },
  { df: false },
  { options: [1, 1, 1, 1] },
  { fragment: { offset: 0, more: true } },
  { fragment: { offset: 64, more: false } },
];

function oneOf<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

function oddly(random: Random): Partial<Ip> {
  return random(8) === 0 ? oneOf(random, ODD) : {};
}

/** Short mostly, sometimes longer than a path takes. */
function dataOf(random: Random): Bytes {
  return new Uint8Array(random(12) === 0 ? 500 + random(950) : random(30)).fill(random(256));
}

/** One in sixteen cut short, lengthened or with a byte of its headers changed. */
function spoilt(random: Random, bytes: Bytes): Bytes {
  if (random(16) > 0) return bytes;
  const kind = random(3);
  if (kind === 0) return bytes.slice(0, 14 + random(bytes.length - 13));
  if (kind === 1) return Uint8Array.from([...bytes, ...new Uint8Array(random(20))]);
  const out = bytes.slice();
  out[12 + random(42)] = random(256);
  return out;
}

/** To the VIP. */
export function randomPacket(random: Random, port: number): Bytes {
  const from = 40_000 + random(8);
  const data = dataOf(random);
  const upper =
    random(2) === 0
      ? tcp({ from, to: port, flags: oneOf(random, FLAGS), data })
      : udp({ from, to: port, data, noChecksum: random(8) === 0 });
  const six = random(16) === 0;
  const ends = six ? { from: CLIENT[6], to: VIP[6] } : { from: oneOf(random, SOURCES), to: VIP[4] };
  const header: Partial<Ip> = six ? {} : oddly(random);
  return spoilt(random, frame(oneOf(random, LINKS), ip({ ...ends, ...header }, upper)));
}

/** What the member might say to a packet that was sent to it; anything without ports comes back as it is. */
export function turnedRound(random: Random, sent: Bytes): Bytes {
  const protocol = sent[23];
  if (sent[14] !== 0x45 || sent.length < 54 || (protocol !== 6 && protocol !== 17)) return sent;
  const dotted = (at: number) => sent.slice(at, at + 4).join('.');
  const word = (at: number) => (sent[at]! << 8) | sent[at + 1]!;
  const ports = { from: word(36), to: word(34) };
  const data = dataOf(random);
  const upper =
    protocol === 6 ? tcp({ ...ports, flags: oneOf(random, FLAGS), data }) : udp({ ...ports, data });
  const ends = { from: dotted(30), to: dotted(26) };
  return spoilt(random, frame(FROM_MEMBER, ip({ ...ends, ...oddly(random) }, upper)));
}

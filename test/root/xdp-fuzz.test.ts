// A million packets, made at random and spoilt at random, through the real program. An independent model says of each
// what must not happen; whatever is sent on must still be the packet that came in, but for what its mode changes.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checksum, FLAG, icmp, ip, join } from '../xdp/packet.ts';
import { randomFrom } from '../xdp/random.ts';
import { Rig, VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  hex,
  MEMBER,
  packet,
  request,
  SOURCE,
  VIP,
} from '../xdp/world.ts';

const PACKETS = 1_000_000;
const SEED = 0x5eed;

const rig = new Rig({ flows4: 16_384, flows6: 4096 });
after(() => rig.close());

/** Listeners of every mode, each on a port of its own. */
function site(): void {
  rig.clear();
  for (const family of [4, 6] as const) {
    const address = VIP[family];
    const members = [{ address: MEMBER[family] }];
    rig.listen({ address, portFrom: 80, mode: 'dr' }, members);
    rig.listen({ address, portFrom: 81, mode: 'tunnel' }, members);
    rig.listen({ address, portFrom: 82, mode: 'tunnel', tunnel: 'gue' }, members);
    rig.listen({ address, portFrom: 83, mode: 'nat' }, [{ ...members[0]!, port: 8083 }]);
    rig.listen(
      { address, portFrom: 84, mode: 'onearm', transport: 'udp' },
      [{ ...members[0]!, port: 8084 }],
      [SOURCE[family]],
    );
    rig.listen({ address, portFrom: 85, mode: 'nat', transport: 'sctp' }, members);
  }
}

/** Good packets of all kinds, to be spoilt. */
function seeds(): readonly Uint8Array[] {
  const out: Uint8Array[] = [];
  for (const family of [4, 6] as const) {
    for (let toPort = 79; toPort <= 86; toPort++)
      for (const transport of ['tcp', 'udp', 'sctp'] as const) {
        const ends = { ...request(family), toPort };
        out.push(
          frame(FROM_CLIENT, packet(transport, ends)),
          frame(FROM_CLIENT, packet(transport, ends, {}, FLAG.ack)),
        );
        out.push(frame(FROM_CLIENT, packet(transport, ends, { ttl: 1 })));
        out.push(frame(FROM_CLIENT, packet(transport, ends, { fragment: { offset: 0, more: true } })));
        out.push(frame(FROM_CLIENT, packet(transport, ends, { fragment: { offset: 64, more: false } })));
      }
    for (const port of [80, 8083, 8084])
      out.push(
        frame(
          FROM_MEMBER,
          packet('tcp', { from: MEMBER[family], to: CLIENT[family], fromPort: port, toPort: 40_000 }),
        ),
      );
  }
  const quoted = packet('tcp', { from: VIP[4], to: CLIENT[4], fromPort: 83, toPort: 40_000 });
  out.push(
    frame(FROM_CLIENT, ip({ from: '203.0.113.1', to: VIP[4] }, icmp({ type: 3, code: 4, body: quoted }))),
  );
  out.push(frame(FROM_CLIENT, ip({ from: CLIENT[4], to: VIP[4] }, icmp({ type: 8, body: [1, 2, 3] }))));
  out.push(frame(FROM_CLIENT, packet('tcp', request(4), { options: [1, 1, 1, 1] })));
  const options = { number: 60, bytes: [0, 0, 1, 4, 0, 0, 0, 0] };
  out.push(frame(FROM_CLIENT, packet('tcp', request(6), { extensions: [options, options] })));
  return out;
}

/** What the model knows without the program: could this frame be for one of ours at all? */
function isForVip(bytes: Uint8Array): boolean {
  let at = 12;
  for (let tags = 0; tags < 2; tags++) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!;
    if (type === 0x8100 || (tags === 0 && type === 0x88a8)) at += 4;
  }
  const type = (bytes[at]! << 8) | bytes[at + 1]!;
  const start = at + 2;
  if (type === 0x0800) return equalAt(bytes, start + 16, VIP4);
  return type === 0x86dd && equalAt(bytes, start + 24, VIP6);
}

const VIP4 = Uint8Array.from([192, 0, 2, 10]);
const VIP6 = Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]);
const MEMBER4 = Uint8Array.from([10, 0, 0, 1]);
const MEMBER6 = Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

function equalAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = 14; at + wanted.length <= bytes.length; at++) if (equalAt(bytes, at, wanted)) return true;
  return false;
}

test(`${PACKETS} random and spoilt packets: none sent on that should not, none rewritten wrongly`, () => {
  site();
  const random = randomFrom(SEED);
  const good = seeds();
  const verdicts = [0, 0, 0, 0, 0];
  for (let n = 0; n < PACKETS; n++) {
    const bytes = good[random(good.length)]!.slice(0, random(20) === 0 ? 14 + random(60) : undefined);
    for (let spoils = random(4); spoils > 0; spoils--) bytes[12 + random(bytes.length - 12)] = random(256);

    const { verdict, length, out } = rig.run.quick(bytes);

    verdicts[verdict]!++;
    if (verdict === VERDICT.pass) {
      // Left to the kernel means untouched, to the byte.
      if (length !== bytes.length || Buffer.compare(out.subarray(0, length), bytes) !== 0)
        assert.fail(`passed but changed: ${hex(bytes)} to ${hex(out.slice(0, length))}`);
      continue;
    }
    if (verdict === VERDICT.drop) {
      const ours = isForVip(bytes) || contains(bytes, VIP4) || contains(bytes, VIP6) || fromMember(bytes);
      if (!ours) assert.fail(`dropped a stranger's packet: ${hex(bytes)}`);
      continue;
    }
    assert.equal(verdict, VERDICT.tx, hex(bytes));
    judge(bytes, out.slice(0, length));
  }
  const counts = rig.counts();
  const told = Object.values(counts).reduce((sum, count) => sum + count, 0);

  assert.ok(verdicts[VERDICT.tx]! > PACKETS / 10 && verdicts[VERDICT.pass]! > PACKETS / 10, `${verdicts}`);
  assert.equal(counts.drop_internal ?? 0, 0, 'no row was missing');
  // Every packet has a reason; a few have two (a flow re-pinned, a next hop asked for).
  assert.ok(told >= PACKETS, `${told} reasons for ${PACKETS} packets`);
});

function fromMember(bytes: Uint8Array): boolean {
  return contains(bytes, MEMBER4) || contains(bytes, MEMBER6);
}

/** A frame that leaves: from us, to someone of the site, its IPv4 header valid if that of the incoming one was. */
function judge(bytes: Uint8Array, out: Uint8Array): void {
  if (!isForVip(bytes) && !fromMember(bytes) && !contains(bytes, VIP4) && !contains(bytes, VIP6))
    assert.fail(`sent on a stranger's packet: ${hex(bytes)}`);
  const toMember = equalAt(out, 0, Uint8Array.from([2, 0, 0, 0, 1, 0]));
  const back = equalAt(out, 0, bytes.subarray(6, 12));
  const known = equalAt(out, 0, Uint8Array.from([2, 0, 0, 0, 0, 1]));
  if (!toMember && !back && !known) assert.fail(`sent to nobody known: ${hex(bytes)} to ${hex(out)}`);
  const type = (out[12]! << 8) | out[13]!;
  if (type !== 0x0800) return;
  const header = out.subarray(14, 14 + (out[14]! & 15) * 4);
  const total = (out[16]! << 8) | out[17]!;
  if (14 + total > out.length) assert.fail(`longer than its frame: ${hex(bytes)} to ${hex(out)}`);
  const inner = (bytes[12]! << 8) | bytes[13]!;
  const wasValid = inner === 0x0800 && checksum(bytes.slice(14, 14 + (bytes[14]! & 15) * 4)) === 0;
  if (wasValid && checksum(header.slice()) !== 0)
    assert.fail(`header sum broken: ${hex(bytes)} to ${hex(out)}`);
  // A header with a valid sum that carries TCP or UDP with a valid sum still does.
  if (wasValid && out.length >= 14 + total && equalAt(out, 26, bytes.subarray(26, 30)) && out[14] === 0x45)
    sameSums(bytes, out, total);
}

function sameSums(bytes: Uint8Array, out: Uint8Array, total: number): void {
  const protocol = out[23]!;
  if (bytes[23] !== protocol || (protocol !== 6 && protocol !== 17) || bytes[14] !== 0x45) return;
  if (protocol === 17 && out[40] === 0 && out[41] === 0) return;
  // Fragments carry part of what the sum is over.
  if ((bytes[20]! & 0x3f) !== 0 || bytes[21] !== 0) return;
  const residue = (frameBytes: Uint8Array, length: number) => {
    const part = frameBytes.slice(34, 14 + length);
    const pseudo = join(frameBytes.slice(26, 34), [0, protocol, part.length >> 8, part.length & 255]);
    return checksum(join(pseudo, part));
  };
  const before = (bytes[16]! << 8) | bytes[17]!;
  if (before !== total) return;
  if (residue(bytes, before) === 0 && residue(out, total) !== 0)
    assert.fail(`transport sum broken: ${hex(bytes)} to ${hex(out)}`);
}

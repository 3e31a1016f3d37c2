// The short way of the common packet held against the whole walk: the same random packets, in the same order, while
// members and rings change. Verdict, bytes, counters and flows must come out the same.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CONFIG, LISTENER_FLAG, MEMBER as MEMBER_ROW } from '../../src/drivers/xdp/layout.ts';
import { storeRing } from '../../src/drivers/xdp/rows.ts';
import { BothWays } from '../xdp/both-ways.ts';
import { allowedCpus, cpusOf, pinTo } from '../xdp/cpus.ts';
import { randomFrom } from '../xdp/random.ts';
import { randomPacket, turnedRound } from '../xdp/random-packet.ts';
import { type Listener, type Rig, VERDICT } from '../xdp/rig.ts';
import { hop, SOURCE, VIP } from '../xdp/world.ts';

const PACKETS = 60_000;
const SEED = 0xb07f;
const CHANGE_EVERY = 500;
/** Packets that were sent on and may be answered yet. */
const KEPT = 512;

const { hashPort, state, persist, reset, allow, gueChecksum } = LISTENER_FLAG;
const MEMBER_FLAGS = { none: 0, present: 1, reset: 5 } as const;

/** Each on a port of its own from FIRST_PORT on, for TCP and UDP. */
const FIRST_PORT = 80;
const LISTENERS: readonly Partial<Listener>[] = [
  { mode: 'dr', flags: hashPort },
  { mode: 'dr', flags: hashPort | state },
  { mode: 'dr', flags: state | persist, scheduler: 'rr' },
  { mode: 'dr', flags: hashPort | allow },
  { mode: 'tunnel', flags: hashPort },
  { mode: 'tunnel', flags: hashPort | state },
  { mode: 'tunnel', tunnel: 'gue', flags: hashPort | state },
  { mode: 'tunnel', tunnel: 'gue', flags: hashPort | gueChecksum },
  { mode: 'nat' },
  { mode: 'nat', scheduler: 'wlc', flags: hashPort | state | reset },
  { mode: 'onearm' },
  { mode: 'fullnat', scheduler: 'rr' },
];
const PORTS = LISTENERS.length + 1;

/** What stands behind every listener: the plain one twice, and hops that the short way must leave alone. */
const HOPS = [
  hop(),
  hop(),
  hop({ vlan: 5 }),
  hop({ mtu: 576 }),
  hop({ ifindex: 7 }),
  hop({ ifindex: 0 }),
] as const;

const ways = new BothWays();
after(() => ways.close());

interface Made {
  readonly listener: number;
  readonly members: readonly number[];
}

/** Numbers of rows are the same in both. */
function site(rig: Rig): readonly Made[] {
  rig.clear();
  // Time as good as stands, as the two do not run at the same moment: ticks and windows of days.
  rig.configure({ natCpus: 1, tickShift: 28, windowShift: 28 });
  return (['tcp', 'udp'] as const).flatMap((transport) =>
    LISTENERS.map((listener, index) => {
      const translating = !['dr', 'tunnel'].includes(listener.mode!);
      const members = HOPS.map((one, n) => ({
        address: `10.0.${index}.${n + 1}`,
        port: translating ? 8000 + index : 0,
        hop: one,
        outerSource: SOURCE[4],
        // Two listeners share an endpoint by it.
        ...(translating && n === 0 ? { address: '10.0.99.1', port: 8099, shared: true } : {}),
        ...(listener.mode === 'tunnel' && n === 1 ? { address: '2001:db8:a::2' } : {}),
      }));
      const sources = ['onearm', 'fullnat'].includes(listener.mode!) ? [SOURCE[4], '10.0.0.253'] : [];
      return rig.listen(
        { address: VIP[4], portFrom: FIRST_PORT + index, transport, ...listener },
        members,
        sources,
      );
    }),
  );
}

type Change = (rig: Rig, made: Made, member: number) => void;

function setMember(field: 'flags' | 'weight', value: number): Change {
  return (rig, _, member) =>
    new DataView(rig.object.map('members').memory()).setUint16(
      member * MEMBER_ROW.size + MEMBER_ROW[field],
      value,
      true,
    );
}

/** A ring of these members; `settled` closes the window in which the former one counts too. */
function setRing(choose: (members: readonly number[]) => readonly number[], settled: boolean): Change {
  return (rig, { listener, members }) => {
    const ring = rig.ring(choose(members));
    const memory = rig.object.map('listeners').memory();
    storeRing(memory, listener, 'ring', ring);
    if (settled) storeRing(memory, listener, 'base', ring);
  };
}

function setRedirects(value: number): Change {
  return (rig) => new DataView(rig.object.map('config').memory()).setUint32(CONFIG.redirects, value, true);
}

const CHANGES: readonly Change[] = [
  setMember('flags', MEMBER_FLAGS.none),
  setMember('flags', MEMBER_FLAGS.reset),
  setMember('weight', 0),
  ...[1, 2, 3].map(() => setMember('flags', MEMBER_FLAGS.present)),
  setMember('weight', 1),
  setRing((members) => members.slice(1), false),
  setRing((members) => members.slice(0, 2), false),
  setRing((members) => members, true),
  setRing(() => [], true),
  setRing((members) => members.toReversed(), true),
  setRedirects(1),
  setRedirects(0),
];

test(`${PACKETS} random packets come out of the short way as they do of the whole walk`, () => {
  // Ports are given out by each CPU for itself: both ways must run on the same one.
  pinTo(String(cpusOf(allowedCpus())[0]));
  let made: readonly Made[] = [];
  ways.both((rig) => {
    made = site(rig);
  });
  ways.watch(made.flatMap(({ members }) => members));
  const random = randomFrom(SEED);
  const replies: Uint8Array[] = [];
  const taken = { requests: new Map<number, number>(), replies: 0, left: 0 };
  for (let n = 0; n < PACKETS; n++) {
    if (n % CHANGE_EVERY === CHANGE_EVERY - 1) {
      ways.assertSameTables();
      const change = CHANGES[random(CHANGES.length)]!;
      const where = made[random(made.length)]!;
      const member = where.members[random(where.members.length)]!;
      ways.both((rig) => change(rig, where, member));
    }
    const answering = replies.length > 0 && random(3) === 0;
    const bytes = answering
      ? turnedRound(random, replies[random(replies.length)]!)
      : randomPacket(random, FIRST_PORT - 1 + random(PORTS + 1));
    const { verdict, out, short } = ways.send(bytes);
    if (!short) taken.left++;
    else if (answering) taken.replies++;
    else if (verdict !== VERDICT.pass) {
      const port = (bytes[36]! << 8) | bytes[37]!;
      taken.requests.set(port, (taken.requests.get(port) ?? 0) + 1);
    }
    if (!answering && (verdict === VERDICT.tx || verdict === VERDICT.redirect))
      replies[Math.min(n % KEPT, replies.length)] = out;
  }
  ways.assertSameTables();

  assert.deepEqual(ways.counts().drop_internal, undefined);
  assert.ok(taken.left > PACKETS / 10, `${taken.left} were left to the whole walk`);
  assert.ok(taken.replies > PACKETS / 100, `${taken.replies} replies took the short way`);
  LISTENERS.forEach((listener, index) => {
    const common = listener.flags !== (hashPort | allow);
    const count = taken.requests.get(FIRST_PORT + index) ?? 0;
    assert.ok(common ? count > PACKETS / 200 : count === 0, `${JSON.stringify(listener)}: ${count}`);
  });
});

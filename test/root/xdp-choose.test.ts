// Choosing: schedulers, limits, persistence, allowed sources, the flood guard, and ring changes under flows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALLOWED_KEY,
  CONFIG,
  LISTENER,
  LISTENER_FLAG,
  LIVE,
  MEMBER as ROW,
} from '../../src/drivers/xdp/layout.ts';
import { COUNTS } from '../../src/drivers/xdp/reasons.ts';
import { storeRing } from '../../src/drivers/xdp/rows.ts';
import { toBytes } from '../../src/lib/ip.ts';
import { allowedCpus, cpusOf, pinTo } from '../xdp/cpus.ts';
import { onRig } from '../xdp/on-rig.ts';
import { FLAG } from '../xdp/packet.ts';
import { type Listener, VERDICT } from '../xdp/rig.ts';
import { FAMILIES, FROM_CLIENT, frame, hop, packet, request, VIP } from '../xdp/world.ts';

const { rig } = onRig();

const STATE = LISTENER_FLAG.hashPort | LISTENER_FLAG.state;

/** Members 1.. with a MAC address that ends in their number. */
function some(count: number, values: (index: number) => object = () => ({})) {
  return Array.from({ length: count }, (_, index) => ({
    address: `10.0.0.${index + 1}`,
    hop: hop({ destinationMac: `02:00:00:00:01:${(index + 1).toString(16).padStart(2, '0')}` }),
    ...values(index),
  }));
}

function listen(count: number, listener: Partial<Listener> = {}, values?: (index: number) => object) {
  return rig.listen({ address: VIP[4], portFrom: 80, flags: STATE, ...listener }, some(count, values));
}

/** The number of the member that took it, or 0 when it was dropped. */
function taken(fromPort: number, flags: number = FLAG.syn, from = '198.51.100.7'): number {
  const result = rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(4), from, fromPort }, {}, flags)));
  return result.verdict === VERDICT.tx ? result.packet[5]! : 0;
}

function shares(flows: number, first = 1): number[] {
  const shares: number[] = [];
  for (let port = first; port < first + flows; port++) {
    const member = taken(port);
    shares[member] = (shares[member] ?? 0) + 1;
  }
  return Array.from(shares, (share) => share ?? 0);
}

test('rr gives every member its turn', () => {
  listen(3, { scheduler: 'rr' });

  assert.deepEqual(shares(300), [0, 100, 100, 100]);
});

for (const scheduler of ['rr', 'wrr'] as const)
  test(`${scheduler} shares evenly whichever CPUs the packets come to`, () => {
    listen(3, { scheduler });
    const all = allowedCpus();
    const cpus = cpusOf(all);
    const rounds = Math.ceil(cpus.length / 8) * 8;
    const took = [0, 0, 0, 0];
    let port = 1;
    try {
      for (let round = 0; round < rounds; round++) {
        pinTo(String(cpus[round % cpus.length]!));
        // Neither is a multiple of three: turns of each CPU's own would not add up to even shares.
        for (let i = round % 2 === 0 ? 5 : 10; i > 0; i--) took[taken(port++)]!++;
      }
    } finally {
      pinTo(all);
    }

    const share = (port - 1) / 3;
    assert.deepEqual(took, [0, share, share, share]);
    assert.deepEqual(cpusThatForwarded(), cpus);
  });

function cpusThatForwarded(): readonly number[] {
  const slot = new Uint8Array(Uint32Array.of(COUNTS.indexOf('forwarded')).buffer);
  const counts = new BigUint64Array(rig.object.map('counts').lookup(slot)!.buffer);
  return [...counts].flatMap((count, cpu) => (count > 0n ? [cpu] : []));
}

test('a full member is passed over by rr, and the counter says so when all are full', () => {
  listen(2, { scheduler: 'rr' }, () => ({ maxConnections: 3, minConnections: 2 }));
  new DataView(rig.object.map('config').memory()).setUint32(CONFIG.recountTick, rig.tick(), true);

  const [refused, ...rest] = shares(10);

  assert.deepEqual(rest, [3, 3]);
  assert.equal(refused, 4);
  assert.equal(rig.counts().drop_member_full, 4);
});

test('a full member takes flows again only below its lower mark', () => {
  const { members } = listen(1, { scheduler: 'rr' }, () => ({ maxConnections: 4, minConnections: 2 }));
  new DataView(rig.object.map('config').memory()).setUint32(CONFIG.recountTick, rig.tick(), true);
  const live = new DataView(rig.object.map('member_live').memory(), members[0]! * LIVE.size);
  shares(5);
  const at = (active: number, port: number) => {
    live.setUint32(LIVE.active, active, true);
    return taken(port);
  };

  assert.deepEqual([at(3, 100), at(2, 101), at(1, 102)], [0, 0, 1]);
});

test('stale live counts bind nobody', () => {
  listen(1, { scheduler: 'rr' }, () => ({ maxConnections: 1 }));
  new DataView(rig.object.map('config').memory()).setUint32(CONFIG.recountTick, rig.tick() - 100, true);

  assert.deepEqual(shares(3), [0, 3]);
});

test('lc takes the member with the fewest connections', () => {
  const { members } = listen(3, { scheduler: 'lc' });
  setLive(members, [10, 2, 7]);

  assert.equal(taken(1), 2);
  shares(13, 2);
  const live = rig.object.map('member_live').memory();
  const now = members.map((member) => new DataView(live, member * LIVE.size).getUint32(LIVE.active, true));
  assert.ok(Math.max(...now) - Math.min(...now) <= 1, `levelled: ${now}`);
});

test('wlc weighs connections', () => {
  listen(2, { scheduler: 'wlc' }, (index) => ({ weight: index === 0 ? 3 : 1 }));

  const [, one = 0, two = 0] = shares(400);

  assert.ok(Math.abs(one - 300) <= 2 && one + two === 400, `${one} and ${two}`);
});

test('lc looks at every one of 64 members', () => {
  const { members } = listen(64, { scheduler: 'lc' });
  for (const wanted of [1, 17, 64]) {
    setLive(
      members,
      members.map((_, index) => (index + 1 === wanted ? 0 : 5)),
    );
    assert.equal(taken(wanted), wanted);
  }
});

test('a listener at its limit refuses new connections and keeps old ones', () => {
  listen(1, { flags: STATE | LISTENER_FLAG.limited, maxConnections: 5 });
  new DataView(rig.object.map('config').memory()).setUint32(CONFIG.recountTick, rig.tick(), true);

  assert.deepEqual(shares(8), [3, 5]);
  assert.equal(taken(1, FLAG.ack), 1);
  taken(1, FLAG.rst);
  assert.equal(taken(100), 1, 'a closed one made room');
  assert.equal(rig.counts().drop_listener_full, 3);
});

/** Windows of a second that something may have touched: an emulated machine takes its time. */
function inWindows<T>(run: () => T): readonly [T, number] {
  const began = performance.now();
  const result = run();
  return [result, Math.ceil((performance.now() - began) / 1000) + 1];
}

test('new connections of a listener are limited by the second', () => {
  listen(1, { flags: STATE | LISTENER_FLAG.limited, connectionsPerWindow: 50 });
  const [[refused = 0, kept = 0], windows] = inWindows(() => shares(2000));

  assert.ok(kept >= 50 && kept <= 50 * windows && refused > 0, `${kept} of 2000 in ${windows} windows`);
  assert.equal(rig.counts().drop_listener_rate, refused);
});

test('new connections of one source are limited; another source is not', () => {
  listen(1, { flags: STATE | LISTENER_FLAG.limited, sourcePerWindow: 10 });
  const [[refused = 0], windows] = inWindows(() => shares(500));

  assert.ok(refused >= 500 - 10 * windows, `${refused} of 500 in ${windows} windows`);
  assert.equal(rig.counts().drop_source_rate, refused);
  assert.equal(taken(1, FLAG.syn, '198.51.100.8'), 1);
});

test('only allowed sources come in, by longest prefix', () => {
  const { listener } = listen(1, { flags: LISTENER_FLAG.hashPort | LISTENER_FLAG.allow });
  allow(listener, '198.51.100.0', 24);
  allow(listener, '203.0.113.9', 32);

  assert.equal(taken(1), 1);
  assert.equal(taken(1, FLAG.syn, '203.0.113.9'), 1);
  assert.equal(taken(1, FLAG.syn, '203.0.113.8'), 0);
  assert.deepEqual(rig.counts(), { forwarded: 2, drop_denied: 1 });
});

test('allowed sources of IPv6', () => {
  const { listener } = rig.listen(
    { address: VIP[6], portFrom: 80, flags: LISTENER_FLAG.hashPort | LISTENER_FLAG.allow },
    some(1).map((one) => ({ ...one, address: '2001:db8:a::1' })),
  );
  allow(listener, '2001:db8:c::', 48);
  const from = (source: string) =>
    rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(6), from: source }))).verdict;

  assert.equal(from('2001:db8:c:1::1'), VERDICT.tx);
  assert.equal(from('2001:db8:d::1'), VERDICT.drop);
});

for (const family of FAMILIES)
  test(`a client sticks to its member, by prefix, IPv${family}`, () => {
    rig.listen(
      {
        address: VIP[family],
        portFrom: 80,
        scheduler: 'rr',
        flags: STATE | LISTENER_FLAG.persist,
        persistLength4: 24,
        persistLength6: 64,
      },
      some(5).map((one, index) => ({
        ...one,
        address: family === 4 ? one.address : `2001:db8:a::${index + 1}`,
      })),
    );
    const from = (client: string, fromPort: number) =>
      rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(family), from: client, fromPort })))
        .packet[5]!;
    const near = family === 4 ? ['198.51.100.1', '198.51.100.200'] : ['2001:db8:c::1', '2001:db8:c::ffff'];
    const far = family === 4 ? '198.51.101.1' : '2001:db8:c:1::1';
    const members = new Set<number>();
    for (let port = 1; port <= 20; port++) for (const client of near) members.add(from(client, port));
    const others = new Set<number>();
    for (let n = 0; n < 20; n++)
      others.add(from(family === 4 ? `198.51.${102 + n}.1` : `2001:db8:c:${n + 2}::1`, 1));

    assert.equal(members.size, 1);
    assert.ok(others.size > 1);
    assert.ok(from(far, 1) > 0);
  });

test('the flood guard serves known flows, and new ones by hash without state', () => {
  rig.configure({ floodPerWindow: 100 });
  listen(2);
  const [refused = 0] = shares(2000);

  assert.equal(refused, 0, 'dr refuses nobody');
  const flows = [...rig.object.map('flows4').keys()].length;
  assert.ok(flows >= 100 && flows < 1500, `${flows} entries`);
  assert.equal(rig.counts().syn_guarded, 2000 - flows);
});

test('under flood nat refuses new flows and keeps serving those it has', () => {
  rig.configure({ floodPerWindow: 100 });
  listen(2, { mode: 'nat' });
  const known = taken(1);
  const [refused = 0] = shares(2000, 2);

  assert.ok(refused > 0);
  assert.equal(rig.counts().drop_flood, refused);
  assert.equal(taken(1, FLAG.ack), known);
});

test('stateless dr writes no flow until its ring changes', () => {
  listen(3, { flags: LISTENER_FLAG.hashPort });
  shares(100);

  assert.equal([...rig.object.map('flows4').keys()].length, 0);
});

test('a ring change moves no open connection; new ones follow the new ring', () => {
  const { listener, members } = listen(4, { flags: LISTENER_FLAG.hashPort });
  const before = new Map<number, number>();
  for (let port = 1; port <= 400; port++) before.set(port, taken(port));
  // Member 4 drains: present, weight 0, out of the ring.
  const memory = rig.object.map('members').memory();
  new DataView(memory, members[3]! * ROW.size).setUint16(ROW.weight, 0, true);
  storeRing(rig.object.map('listeners').memory(), listener, 'ring', rig.ring(members.slice(0, 3)));

  for (const [port, member] of before) assert.equal(taken(port, FLAG.ack), member);
  for (let port = 1001; port <= 1200; port++) assert.notEqual(taken(port), 4);
  const after = new Map<number, number>();
  for (let port = 2001; port <= 2200; port++) after.set(port, taken(port));
  for (const [port, member] of after) assert.equal(taken(port, FLAG.ack), member, 'opened after, kept after');
  const view = new DataView(rig.object.map('listeners').memory(), listener * LISTENER.size);
  assert.notEqual(view.getUint32(LISTENER.lastPinned, true), 0);
});

test('flows of a vanished member move at once', () => {
  const { members } = listen(2, { flags: LISTENER_FLAG.hashPort });
  const moved = Array.from({ length: 50 }, (_, index) => index + 1).filter((port) => taken(port) === 1);
  new DataView(rig.object.map('members').memory(), members[0]! * ROW.size).setUint16(ROW.flags, 0, true);
  new DataView(rig.object.map('members').memory(), members[0]! * ROW.size).setUint16(ROW.weight, 0, true);
  storeRing(rig.object.map('listeners').memory(), 1, 'ring', rig.ring([members[1]!]));

  assert.ok(moved.length > 5);
  for (const port of moved) assert.equal(taken(port, FLAG.ack), 2);
});

function allow(listener: number, address: string, length: number): void {
  const key = new Uint8Array(ALLOWED_KEY.size);
  const view = new DataView(key.buffer);
  view.setUint32(ALLOWED_KEY.prefixLength, 32 + length, true);
  view.setUint32(ALLOWED_KEY.listener, listener);
  key.set(toBytes(address), ALLOWED_KEY.address);
  rig.object.map('allowed').update(key, Uint8Array.of(1, 0, 0, 0));
}

function setLive(members: readonly number[], active: readonly number[]): void {
  const memory = rig.object.map('member_live').memory();
  members.forEach((member, index) => {
    new DataView(memory, member * LIVE.size).setUint32(LIVE.active, active[index]!, true);
  });
}

// The walk over the flow tables: what is over is forgotten, what is there is counted, and nothing else is touched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReasons } from '../../src/drivers/xdp/counters.ts';
import { FLOW4, LIVE } from '../../src/drivers/xdp/layout.ts';
import { sweep } from '../../src/drivers/xdp/sweep.ts';
import { tablesOf } from '../../src/drivers/xdp/tables.ts';
import { BpfMap } from '../../src/kernel/bpf/map.ts';
import { onRig } from '../xdp/on-rig.ts';
import { FLAG } from '../xdp/packet.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  FAMILIES,
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

const { rig } = onRig();
const tables = tablesOf(
  (name) => rig.object.map(name),
  () => rig.tick(),
);

function live(member: number): readonly [active: number, inactive: number] {
  const view = new DataView(tables.memberLive, member * LIVE.size);
  return [view.getUint32(LIVE.active, true), view.getUint32(LIVE.inactive, true)];
}

/** As if the flow had last been seen `ticks` later. */
function shift(flows: BpfMap, key: Uint8Array, ticks: number): void {
  const value = flows.lookup(key)!;
  const view = new DataView(value.buffer);
  const word = view.getUint16(FLOW4.stampState, true);
  view.setUint16(FLOW4.stampState, ((((word >> 4) + ticks) & 0xfff) << 4) | (word & 15), true);
  flows.update(key, value);
}

for (const family of FAMILIES)
  test(`sweep() counts open and ended connections, IPv${family}`, async () => {
    const { members } = rig.listen(
      { address: VIP[family], portFrom: 80, mode: 'onearm' },
      [{ address: MEMBER[family] }],
      [SOURCE[family]],
    );
    for (let fromPort = 1; fromPort <= 10; fromPort++)
      rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(family), fromPort })));
    for (let fromPort = 1; fromPort <= 3; fromPort++)
      rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(family), fromPort }, {}, FLAG.rst)));
    const counted = live(members[0]!);
    // As after evictions, which nobody tells of.
    new DataView(tables.memberLive).setUint32(members[0]! * LIVE.size + LIVE.active, 77, true);

    const result = await tables.sweep();

    assert.deepEqual(counted, [7, 3], 'the program keeps count itself');
    assert.deepEqual(live(members[0]!), [7, 3]);
    assert.equal(result[family === 4 ? 'flows4' : 'flows6'], 10);
    assert.equal(result.forgotten, 0);
  });

test('sweep() forgets flows past their time and leaves the others', async () => {
  const { members } = rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [{ address: MEMBER[4] }]);
  for (let fromPort = 1; fromPort <= 20; fromPort++)
    rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort })));
  const flows = rig.object.map('flows4');
  for (const key of [...flows.keys()].slice(0, 5)) shift(flows, key, -300);

  const result = await tables.sweep();

  assert.equal(result.forgotten, 5);
  assert.equal(result.flows4, 15);
  assert.equal([...flows.keys()].length, 15);
  assert.deepEqual(live(members[0]!), [15, 0]);
});

test('sweep() leaves a flow whose client came back between the look and the deletion', async () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [{ address: MEMBER[4] }]);
  for (let fromPort = 1; fromPort <= 20; fromPort++)
    rig.run.run(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort })));
  const flows = rig.object.map('flows4');
  const old = [...flows.keys()].slice(0, 8);
  for (const key of old) shift(flows, key, -300);
  class Slow extends BpfMap {
    override *batches(chunk: number) {
      for (const batch of super.batches(chunk)) {
        for (const key of old.slice(0, 5)) shift(flows, key, 300);
        yield batch;
      }
    }
  }

  const memory = (name: string) => rig.object.map(name).memory();
  const result = await sweep(
    {
      flows4: new Slow(flows.fd),
      flows6: rig.object.map('flows6'),
      config: memory('config'),
      members: memory('members'),
      memberLive: memory('member_live'),
      listenerLive: memory('listener_live'),
    },
    () => rig.tick(),
  );

  assert.equal(result.forgotten, 3);
  assert.equal([...flows.keys()].length, 17);
});

/** A connection by a neighbour of its own; its flow. */
function byNeighbour(n: number): void {
  const mac = `02:00:00:01:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 0xff).toString(16).padStart(2, '0')}`;
  const link = { ...FROM_CLIENT, from: mac };
  rig.run.run(frame(link, packet('tcp', { ...request(4), fromPort: 1000 + n })));
}

function replied(n: number): string {
  const ends = { from: MEMBER[4], to: CLIENT[4], fromPort: 80, toPort: 1000 + n };
  const { verdict, packet: out } = rig.run.run(
    frame(FROM_MEMBER, packet('tcp', ends, {}, FLAG.syn | FLAG.ack)),
  );
  return verdict === VERDICT.tx ? hex(out.subarray(0, 6)) : `verdict ${verdict}`;
}

test('neighbours of clients are counted, told when there is no number left, and forgotten with their flows', async () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [{ address: MEMBER[4] }]);
  for (let n = 0; n < 260; n++) byNeighbour(n);
  const full = { used: tables.peers.used, refused: rig.counts().peers_full };
  const flows = rig.object.map('flows4');
  // The first hundred connections end; flow keys hold the client's port in network order.
  for (const key of [...flows.keys()]) if (new DataView(key.buffer).getUint16(8) < 1100) flows.delete(key);

  const used: number[] = [];
  for (let walk = 0; walk < 3; walk++) {
    await tables.sweep();
    used.push(tables.peers.used);
  }
  for (let n = 300; n < 380; n++) byNeighbour(n);

  assert.deepEqual(full, { used: 255, refused: 5 });
  assert.deepEqual(used, [255, 255, 155]);
  assert.equal(tables.peers.used, 235);
  assert.equal(rig.counts().peers_full, 5, 'freed numbers are taken again');
  assert.equal(replied(254), '0200000100fe', 'one that kept its flow keeps its number');
  assert.equal(replied(310), '020000010136', 'a new one has a number');
});

test('a neighbour that comes back before its number is free gets a new one, and flows of the old one go on', async () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [{ address: MEMBER[4] }]);
  byNeighbour(7);
  const flows = rig.object.map('flows4');
  const [key] = [...flows.keys()];
  const value = flows.lookup(key!)!;
  flows.delete(key!);
  await tables.sweep();
  await tables.sweep();
  // As a packet under way when the number was given back.
  flows.update(key!, value);
  rig.run.run(
    frame({ ...FROM_CLIENT, from: '02:00:00:01:00:07' }, packet('tcp', { ...request(4), fromPort: 2000 })),
  );
  const two = tables.peers.used;
  await tables.sweep();

  assert.equal(two, 2);
  assert.equal(tables.peers.used, 2, 'a number that a flow names is not freed');
  assert.equal(replied(7), '020000010007');
});

test('readReasons() names every reason and agrees with the packets sent', () => {
  rig.listen({ address: VIP[4], portFrom: 80 }, [{ address: MEMBER[4] }]);
  for (let i = 0; i < 7; i++) rig.run.run(frame(FROM_CLIENT, packet('tcp', request(4))));

  const reasons = readReasons(tables.counts);

  assert.equal(reasons.forwarded, 7n);
  assert.equal(
    Object.values(reasons).reduce((sum, count) => sum + count, 0n),
    7n,
  );
});

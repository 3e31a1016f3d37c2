// Flows told from one data plane to another, with real tables and packets through BPF_PROG_RUN: after that both treat the
// same packet alike, although their numbers of listeners, members and sources differ.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { XdpFlows } from '../../src/drivers/xdp/flows/xdp-flows.ts';
import type { FlowEnd, FlowRecord } from '../../src/model/flow.ts';
import { type Bytes, FLAG } from '../xdp/packet.ts';
import { Rig, VERDICT } from '../xdp/rig.ts';
import { rigFlows } from '../xdp/rig-flows.ts';
import {
  CLIENT_PORT,
  type Ends,
  FAMILIES,
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  hex,
  MEMBER,
  packet,
  request,
  SOURCE,
  turned,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const [a, b] = [new Rig(), new Rig()];
let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
  a.clear();
  b.clear();
});
after(() => {
  a.close();
  b.close();
});

const flowsOf = (rig: Rig): XdpFlows => rigFlows(rig, () => nowMs);

async function look(flows: XdpFlows, minAgeMs = 0): Promise<{ changed: FlowRecord[]; gone: FlowEnd[] }> {
  const news = { changed: [] as FlowRecord[], gone: [] as FlowEnd[] };
  for await (const one of flows.scan(minAgeMs)) {
    news.changed.push(...one.changed);
    news.gone.push(...one.gone);
  }
  return news;
}

function sent(rig: Rig, bytes: Bytes): { verdict: number; out: Bytes } {
  const { verdict, packet: out } = rig.run.run(bytes);
  return { verdict, out: out.slice() };
}

/** Request, answer, and the client's word that it heard: an established connection. Returns what the member saw. */
function connect(rig: Rig, family: 4 | 6, inside: (out: Bytes) => Ends, port = CLIENT_PORT): Ends {
  const asked = { ...request(family), fromPort: port };
  const there = sent(rig, frame(FROM_CLIENT, packet('tcp', asked)));
  assert.equal(there.verdict, VERDICT.tx);
  const ends = inside(there.out);
  sent(rig, frame(FROM_MEMBER, packet('tcp', turned(ends), {}, FLAG.syn | FLAG.ack)));
  sent(rig, frame(FROM_CLIENT, packet('tcp', asked, {}, FLAG.ack)));
  return ends;
}

function listen(rig: Rig, family: 4 | 6, mode: 'nat' | 'fullnat'): void {
  const sources = mode === 'fullnat' ? [SOURCE[family]] : [];
  rig.listen(
    { address: VIP[family], portFrom: VIP_PORT, mode },
    [{ address: MEMBER[family], port: 8080 }],
    sources,
  );
}

/** Pushes every number of the other listener up by some. */
function crowd(rig: Rig, family: 4 | 6): void {
  rig.listen(
    { address: family === 4 ? '192.0.2.99' : '2001:db8:ff::99', portFrom: 1, mode: 'fullnat' },
    [
      { address: MEMBER[family], port: 9 },
      { address: MEMBER[family], port: 10 },
    ],
    [SOURCE[family]],
  );
}

for (const family of FAMILIES)
  for (const mode of ['nat', 'fullnat'] as const)
    test(`IPv${family} ${mode}: a connection of one node is carried on by the other, both ways`, async () => {
      listen(a, family, mode);
      crowd(b, family);
      listen(b, family, mode);
      const [mine, theirs] = [flowsOf(a), flowsOf(b)];
      const inside = connect(a, family, (out) => {
        const at = family === 4 ? 34 : 54;
        const fromPort = mode === 'nat' ? CLIENT_PORT : (out[at]! << 8) | out[at + 1]!;
        const from = mode === 'nat' ? request(family).from : SOURCE[family];
        return { from, fromPort, to: MEMBER[family], toPort: 8080 };
      });
      const { changed } = await look(mine);
      assert.equal(changed.length, 1);

      theirs.put(changed);

      const data = frame(FROM_CLIENT, packet('tcp', request(family), {}, FLAG.ack));
      const answer = frame(FROM_MEMBER, packet('tcp', turned(inside), {}, FLAG.ack));
      for (const bytes of [data, answer]) {
        const [here, there] = [sent(a, bytes), sent(b, bytes)];
        assert.equal(there.verdict, VERDICT.tx);
        assert.equal(hex(there.out), hex(here.out));
      }
      const { changed: back } = await look(theirs);
      assert.deepEqual(back, [], 'what a node was told is no news to tell');

      theirs.remove([{ key: changed[0]!.key, sequence: 2 }]);
      const left = [...b.object.map(`flows${family}`).keys()].length;
      assert.equal(left, 0, 'the entry of replies goes with it');
    });

test('young connections, those not open yet and those that are over are not told of', async () => {
  listen(a, 4, 'nat');
  const flows = flowsOf(a);
  const inside = (): Ends => ({ from: request(4).from, fromPort: CLIENT_PORT, to: MEMBER[4], toPort: 8080 });
  const other = (): Ends => ({ ...inside(), fromPort: 7 });
  connect(a, 4, other, 7);
  const first = await look(flows, 3000);
  assert.deepEqual(
    first.changed.map(({ key }) => key.clientPort),
    [7],
    'what stood before the first look is old enough',
  );
  sent(a, frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort: 1 })));
  connect(a, 4, inside);
  assert.deepEqual((await look(flows, 3000)).changed, []);

  nowMs = 3500;
  const old = await look(flows, 3000);
  assert.deepEqual(
    old.changed.map(({ key, sequence }) => [key.clientPort, sequence]),
    [[CLIENT_PORT, 1]],
  );
  assert.equal((await look(flows, 3000)).changed.length, 0, 'told once');

  sent(a, frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.rst)));
  assert.deepEqual(
    (await look(flows, 3000)).gone.map(({ key, sequence }) => [key.clientPort, sequence]),
    [[CLIENT_PORT, 2]],
    'over with the reset, long before its entry is',
  );
  assert.deepEqual(await look(flows, 3000), { changed: [], gone: [] }, 'told once');
});

test('the end of a connection is told by who carried it, and not by who was only told', async () => {
  for (const rig of [a, b]) listen(rig, 4, 'nat');
  const [mine, theirs] = [flowsOf(a), flowsOf(b)];
  connect(a, 4, () => ({ from: request(4).from, fromPort: CLIENT_PORT, to: MEMBER[4], toPort: 8080 }));
  theirs.put((await look(mine)).changed);
  await look(theirs);
  for (const rig of [a, b])
    for (const key of [...rig.object.map('flows4').keys()]) rig.object.map('flows4').delete(key);

  assert.deepEqual(
    (await look(mine)).gone.map(({ sequence }) => sequence),
    [2],
  );
  assert.deepEqual((await look(theirs)).gone, []);
});

test('a flow of a member that is not configured here waits and finds its place later', async () => {
  listen(a, 4, 'nat');
  rigWithout(b);
  const theirs = flowsOf(b);
  connect(a, 4, () => ({ from: request(4).from, fromPort: CLIENT_PORT, to: MEMBER[4], toPort: 8080 }));
  theirs.put((await look(flowsOf(a))).changed);

  assert.deepEqual(theirs.counts(), { known: 0, homeless: 1 });
});

function rigWithout(rig: Rig): void {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT, mode: 'nat' }, [{ address: '10.9.9.9', port: 8080 }]);
}

test('takeOver() lets new flows begin behind the ports that taken-over ones have', async () => {
  for (const rig of [a, b]) listen(rig, 4, 'fullnat');
  for (let port = 2000; port < 2200; port++)
    sent(a, frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort: port })));
  // As if every member had answered.
  for (const { count, keys, values } of a.object.map('flows4').batches(4096))
    for (let i = 0; i < count; i++) {
      const value = values.slice(i * 8, i * 8 + 8);
      const key = keys.slice(i * 16, i * 16 + 16);
      if (key[13] === 0) value[4] = (value[4]! & 0xf0) | 2;
      a.object.map('flows4').update(key, value);
    }
  const theirs = flowsOf(b);
  theirs.put((await look(flowsOf(a))).changed);
  assert.equal(theirs.counts().known, 200);

  theirs.takeOver();

  for (let port = 3000; port < 3050; port++)
    assert.equal(
      sent(b, frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort: port }))).verdict,
      VERDICT.tx,
    );
  assert.equal(b.counts().drop_no_port, undefined);
});

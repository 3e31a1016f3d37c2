// Flows met within a second: found without the table, and only then; nothing torn or old is taken for one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTENER_FLAG, MEMBER as ROW } from '../../src/drivers/xdp/layout.ts';
import { onRig } from '../xdp/on-rig.ts';
import { FLAG } from '../xdp/packet.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  hop,
  MEMBER,
  packet,
  request,
  turned,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

/** A window lasts for days. */
const LASTING = { windowShift: 28 };
const ACK = frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.ack));

/** One nat listener, and a connection through it whose last segment was met in this window. */
function connected(): { readonly member: number } {
  rig.configure(LASTING);
  const { members } = rig.listen({ address: VIP[4], portFrom: VIP_PORT, mode: 'nat' }, [
    { address: MEMBER[4] },
  ]);
  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  reply(FLAG.syn | FLAG.ack);
  assert.equal(sent(ACK).verdict, VERDICT.tx);
  return { member: members[0]! };
}

function reply(flags: number) {
  return sent(frame(FROM_MEMBER, packet('tcp', { ...turned(request(4)), from: MEMBER[4] }, {}, flags)));
}

function emptyFlowTable(): void {
  for (const key of [...rig.object.map('flows4').keys()]) rig.object.map('flows4').delete(key);
}

function recents(): BigUint64Array {
  return new BigUint64Array(rig.object.map('recents').memory());
}

test('a flow met in this window is served both ways without a look into the table', () => {
  connected();
  emptyFlowTable();

  assert.equal(sent(ACK).verdict, VERDICT.tx);
  assert.equal(reply(FLAG.ack).verdict, VERDICT.tx);
  assert.equal(rig.counts().reset_sent, undefined);
});

test('in the next window the table decides', () => {
  connected();
  emptyFlowTable();
  rig.configure({ windowShift: 0 });

  sent(ACK);

  assert.equal(rig.counts().reset_sent, 1);
});

for (const [name, flags] of [
  ['SYN', FLAG.syn],
  ['FIN', FLAG.fin | FLAG.ack],
  ['RST', FLAG.rst],
] as const)
  test(`a segment with ${name} asks the table`, () => {
    connected();
    const before = rig.counts().forwarded!;
    emptyFlowTable();

    sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, flags)));

    const { forwarded, reset_sent = 0, drop_no_flow = 0 } = rig.counts();
    // A SYN begins a connection; the others are of none.
    if (name === 'SYN') assert.equal(forwarded, before + 1);
    else assert.equal(reset_sent + drop_no_flow, 1);
  });

test('half a row of another flow matches nothing', () => {
  connected();
  const rows = recents();
  // The second word of a row is what was found.
  const used = rows.findIndex((word, index) => index % 2 === 1 && word !== 0n);
  emptyFlowTable();
  // As if another CPU had written its own word beside our fingerprint.
  rows[used]! ^= 1n;

  sent(ACK);

  assert.equal(rig.counts().reset_sent, 1);
});

test('a row of a member that is gone is not used', () => {
  const { member } = connected();
  emptyFlowTable();
  new DataView(rig.object.map('members').memory()).setUint16(member * ROW.size + ROW.flags, 0, true);

  sent(ACK);

  assert.equal(rig.counts().reset_sent, 1);
});

test('a flow begun anew is not sent where the last one went', () => {
  rig.configure(LASTING);
  rig.listen({ address: VIP[4], portFrom: VIP_PORT, scheduler: 'rr', flags: LISTENER_FLAG.state }, [
    { address: MEMBER[4] },
    { address: '10.0.0.2', hop: hop({ destinationMac: '02:00:00:00:01:02' }) },
  ]);
  const taker = (flags: number) =>
    sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, flags)))
      .out.slice(0, 6)
      .join(':');
  const first = taker(FLAG.syn);
  assert.equal(taker(FLAG.ack), first);
  taker(FLAG.rst);

  const second = taker(FLAG.syn);

  assert.notEqual(second, first);
  assert.equal(taker(FLAG.ack), second);
  assert.equal(taker(FLAG.ack), second);
});

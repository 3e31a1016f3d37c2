// nat, onearm and fullnat: both directions, ports, states, and what happens without a flow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTENER_FLAG, MEMBER_FLAG, MEMBER as ROW } from '../../src/drivers/xdp/layout.ts';
import { startPorts } from '../../src/drivers/xdp/nat-start.ts';
import { onRig, same } from '../xdp/on-rig.ts';
import { type Bytes, ethernet, FLAG, ip, tcp, udp } from '../xdp/packet.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  CLIENT_PORT,
  type Ends,
  FAMILIES,
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  MEMBER,
  PROTOCOLS,
  type Protocol,
  packet,
  request,
  SOURCE,
  TO_CLIENT,
  TO_MEMBER,
  turned,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

function sourcePortOf(out: Bytes, family: 4 | 6): number {
  const at = family === 4 ? 34 : 54;
  return (out[at]! << 8) | out[at + 1]!;
}

/** SCTP keeps its ports: its CRC32c covers them. */
function memberPort(transport: Protocol): number {
  return transport === 'sctp' ? VIP_PORT : 8080;
}

for (const family of FAMILIES)
  for (const transport of PROTOCOLS) {
    test(`nat IPv${family} ${transport}: there and back with valid checksums`, () => {
      const port = memberPort(transport);
      const { members } = rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport, mode: 'nat' }, [
        { address: MEMBER[family], port },
      ]);
      const inside: Ends = { ...request(family), to: MEMBER[family], toPort: port };

      const there = sent(frame(FROM_CLIENT, packet(transport, request(family))));
      const back = sent(frame(FROM_MEMBER, packet(transport, turned(inside), {}, FLAG.syn | FLAG.ack)));

      assert.equal(there.verdict, VERDICT.tx);
      same(there.out, frame(TO_MEMBER, packet(transport, inside, { ttl: 63 })));
      assert.equal(back.verdict, VERDICT.tx);
      same(
        back.out,
        frame(TO_CLIENT, packet(transport, turned(request(family)), { ttl: 63 }, FLAG.syn | FLAG.ack)),
      );
      assert.deepEqual(rig.counts(), { forwarded: 1, replied: 1 });
      const bytes = packet(transport, inside).length;
      assert.deepEqual(rig.memberCounts(members[0]!), [1, bytes, 1, 1, bytes]);
    });

    for (const mode of ['onearm', 'fullnat'] as const)
      test(`${mode} IPv${family} ${transport}: source rewritten, reply undone`, () => {
        const port = memberPort(transport);
        rig.listen(
          { address: VIP[family], portFrom: VIP_PORT, transport, mode },
          [{ address: MEMBER[family], port }],
          [SOURCE[family]],
        );

        const there = sent(frame(FROM_CLIENT, packet(transport, request(family))));
        const fromPort = sourcePortOf(there.out, family);
        const inside: Ends = { from: SOURCE[family], to: MEMBER[family], fromPort, toPort: port };
        const back = sent(frame(FROM_MEMBER, packet(transport, turned(inside), {}, FLAG.syn | FLAG.ack)));

        same(there.out, frame(TO_MEMBER, packet(transport, inside, { ttl: 63 })));
        if (transport === 'sctp') assert.equal(fromPort, CLIENT_PORT);
        else assert.ok(fromPort >= 1024 && fromPort < 32_768, `port ${fromPort} is of our range`);
        same(
          back.out,
          frame(TO_CLIENT, packet(transport, turned(request(family)), { ttl: 63 }, FLAG.syn | FLAG.ack)),
        );
        assert.deepEqual(rig.counts(), { forwarded: 1, replied: 1 });
      });

    test(`nat IPv${family} ${transport}: a member's packet of no flow passes untouched`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport, mode: 'nat' }, [
        { address: MEMBER[family], port: VIP_PORT },
      ]);
      const ends = { from: MEMBER[family], to: CLIENT[family], fromPort: VIP_PORT, toPort: 5 };
      const bytes = frame(FROM_MEMBER, packet(transport, ends));

      const { verdict, out } = sent(bytes);

      assert.equal(verdict, VERDICT.pass);
      same(out, bytes);
      assert.deepEqual(rig.counts(), { pass_reply_unknown: 1 });
    });
  }

for (const family of FAMILIES) {
  test(`nat IPv${family}: a segment of no flow is answered with a reset`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode: 'nat' }, [{ address: MEMBER[family] }]);
    const segment = tcp({ from: CLIENT_PORT, to: VIP_PORT, flags: FLAG.ack, acknowledge: 0x11223344 });

    const { verdict, out } = sent(frame(FROM_CLIENT, ip({ from: CLIENT[family], to: VIP[family] }, segment)));

    assert.equal(verdict, VERDICT.tx);
    const reset = tcp({
      from: VIP_PORT,
      to: CLIENT_PORT,
      flags: FLAG.rst,
      sequence: 0x11223344,
      acknowledge: 0,
    });
    const expected = frame(
      TO_CLIENT,
      ip({ from: VIP[family], to: CLIENT[family], id: 0 }, withWindow(reset)),
    );
    same(out, expected);
    assert.deepEqual(rig.counts(), { reset_sent: 1 });
  });

  test(`nat IPv${family}: a reset of no flow is not answered`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode: 'nat' }, [{ address: MEMBER[family] }]);

    assert.equal(
      sent(frame(FROM_CLIENT, packet('tcp', request(family), {}, FLAG.rst))).verdict,
      VERDICT.drop,
    );
    assert.deepEqual(rig.counts(), { drop_no_flow: 1 });
  });

  test(`nat IPv${family} UDP without a checksum keeps none`, () => {
    rig.listen({ address: VIP[family], portFrom: 53, transport: 'udp', mode: 'nat' }, [
      { address: MEMBER[family], port: 5353 },
    ]);
    const query = (to: string, port: number, ttl: number) =>
      ip({ from: CLIENT[family], to, ttl }, udp({ from: 9, to: port, noChecksum: true }));

    const { out } = sent(frame(FROM_CLIENT, query(VIP[family], 53, 64)));

    same(out, frame(TO_MEMBER, query(MEMBER[family], 5353, 63)));
  });

  test(`nat IPv${family}: replies go back to whom the latest request came from, with its tag`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode: 'nat' }, [{ address: MEMBER[family] }]);
    const inside: Ends = { ...request(family), to: MEMBER[family] };
    const otherRouter = '02:00:00:00:00:77';
    sent(frame(FROM_CLIENT, packet('tcp', request(family))));
    sent(
      ethernet(
        { from: otherRouter, to: FROM_CLIENT.to, vlans: [55] },
        packet('tcp', request(family), {}, FLAG.ack),
      ),
    );

    const { out } = sent(frame(FROM_MEMBER, packet('tcp', turned(inside), {}, FLAG.ack)));

    const expected = packet('tcp', turned(request(family)), { ttl: 63 }, FLAG.ack);
    same(out, ethernet({ from: FROM_CLIENT.to, to: otherRouter, vlans: [55] }, expected));
  });
}

/** Our resets announce no window. */
function withWindow(upper: ReturnType<typeof tcp>): ReturnType<typeof tcp> {
  return {
    number: upper.number,
    seal: (pseudo) => {
      const bytes = upper.seal(pseudo);
      const sum = (bytes[16]! << 8) | bytes[17]!;
      bytes.set([0, 0], 14);
      const fixed = sum + 0x2000;
      const folded = fixed > 0xffff ? fixed - 0xffff : fixed;
      bytes.set([folded >> 8, folded & 0xff], 16);
      return bytes;
    },
  };
}

test('two listeners on one member endpoint keep their flows apart', () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [
    { address: MEMBER[4], port: 80, shared: true },
  ]);
  rig.listen({ address: '192.0.2.11', portFrom: 80, mode: 'nat' }, [
    { address: MEMBER[4], port: 80, shared: true },
  ]);
  const other: Ends = { ...request(4), to: '192.0.2.11', fromPort: 40_001 };

  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  sent(frame(FROM_CLIENT, packet('tcp', other)));
  const reply = (toPort: number) =>
    sent(
      frame(
        FROM_MEMBER,
        packet('tcp', { from: MEMBER[4], to: CLIENT[4], fromPort: 80, toPort }, {}, FLAG.ack),
      ),
    );

  assert.deepEqual([...reply(CLIENT_PORT).out.subarray(26, 30)], [192, 0, 2, 10]);
  assert.deepEqual([...reply(40_001).out.subarray(26, 30)], [192, 0, 2, 11]);
});

test('the same client port to the same endpoint by two listeners is refused, not mixed up', () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [
    { address: MEMBER[4], port: 80, shared: true },
  ]);
  rig.listen({ address: '192.0.2.11', portFrom: 80, mode: 'nat' }, [
    { address: MEMBER[4], port: 80, shared: true },
  ]);

  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  const { verdict } = sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), to: '192.0.2.11' })));

  assert.equal(verdict, VERDICT.drop);
  assert.deepEqual(rig.counts(), { forwarded: 1, drop_nat_collision: 1 });
});

test('fullnat spreads over its sources and never gives one port twice towards a member', () => {
  rig.configure({ natPortFrom: 2000, natPortSpan: 100, natCpus: 1 });
  rig.listen(
    { address: VIP[4], portFrom: 80, mode: 'fullnat' },
    [{ address: MEMBER[4] }],
    ['10.0.0.250', '10.0.0.251'],
  );
  const seen = new Set<string>();
  let dropped = 0;
  for (let fromPort = 1; fromPort <= 300; fromPort++) {
    const { verdict, out } = sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort })));
    if (verdict === VERDICT.drop) dropped++;
    else seen.add(`${out.subarray(26, 30).join('.')}:${sourcePortOf(out, 4)}`);
  }
  const { drop_no_port: counted = 0, forwarded = 0 } = rig.counts();
  rig.configure();

  assert.equal(seen.size, forwarded, 'every flow has a pair of its own');
  assert.equal(counted, dropped);
  assert.ok(dropped >= 100 && seen.size > 150, `${seen.size} flows, ${dropped} refused: 200 pairs exist`);
});

test('a closed connection gives its port back', () => {
  rig.configure({ natPortFrom: 2000, natPortSpan: 1, natCpus: 1 });
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'onearm' }, [{ address: MEMBER[4] }], [SOURCE[4]]);
  const verdict = (fromPort: number, flags: number) =>
    sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort }, {}, flags))).verdict;

  const first = verdict(1, FLAG.syn);
  const while_open = verdict(2, FLAG.syn);
  verdict(1, FLAG.rst);
  const after_close = verdict(2, FLAG.syn);
  rig.configure();

  assert.deepEqual([first, while_open, after_close], [VERDICT.tx, VERDICT.drop, VERDICT.tx]);
});

test('a member marked for reset ends its flows at once; new ones go elsewhere', () => {
  const { members } = rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat', scheduler: 'rr' }, [
    { address: '10.0.0.1' },
    { address: '10.0.0.2' },
  ]);
  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  setMember(members[0]!, { weight: 0, flags: MEMBER_FLAG.present | MEMBER_FLAG.reset });

  const data = sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.ack)));
  const again = sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.syn)));

  assert.equal(data.out[47]! & FLAG.rst, FLAG.rst);
  assert.deepEqual([...again.out.subarray(30, 34)], [10, 0, 0, 2]);
  assert.deepEqual(rig.counts(), { forwarded: 2, reset_sent: 1 });
});

test('a removed member: its flows get another one, unless the listener resets them', () => {
  for (const reset of [false, true]) {
    rig.clear();
    const flags = LISTENER_FLAG.hashPort | LISTENER_FLAG.state | (reset ? LISTENER_FLAG.reset : 0);
    const { members } = rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat', scheduler: 'rr', flags }, [
      { address: '10.0.0.1' },
      { address: '10.0.0.2' },
    ]);
    sent(frame(FROM_CLIENT, packet('tcp', request(4))));
    setMember(members[0]!, { weight: 0, flags: 0 });

    const { out } = sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.ack)));

    if (reset) assert.deepEqual(rig.counts(), { forwarded: 1, reset_sent: 1 });
    else {
      assert.deepEqual([...out.subarray(30, 34)], [10, 0, 0, 2]);
      assert.deepEqual(rig.counts(), { forwarded: 2, repinned: 1 });
    }
  }
});

test('weight 0 keeps a flow and admits no new one', () => {
  const { members } = rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat', scheduler: 'wlc' }, [
    { address: '10.0.0.1' },
  ]);
  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  setMember(members[0]!, { weight: 0, flags: MEMBER_FLAG.present });

  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.ack))).verdict, VERDICT.tx);
  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort: 9 }))).verdict, VERDICT.drop);
  assert.deepEqual(rig.counts(), { forwarded: 2, drop_no_member: 1 });
});

test('an entry past its time is no flow any more', () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'nat' }, [{ address: MEMBER[4] }]);
  sent(frame(FROM_CLIENT, packet('tcp', request(4))));
  const flows = rig.object.map('flows4');
  const [key] = [...flows.keys()];
  const value = flows.lookup(key!)!;
  const view = new DataView(value.buffer);
  // The stamp is a tick of 12 bits: 300 ticks back is beyond the 225 that the rig allows.
  const word = view.getUint16(4, true);
  view.setUint16(4, ((((word >> 4) - 300) & 0xfff) << 4) | (word & 15), true);
  flows.update(key!, value);

  sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, FLAG.ack)));

  assert.deepEqual(rig.counts(), { forwarded: 1, reset_sent: 1 });
});

test('a port range through nat keeps the port it was asked on, both ways', () => {
  rig.listen({ address: VIP[4], portFrom: 8000, portTo: 8010, mode: 'nat' }, [{ address: MEMBER[4] }]);
  const asked: Ends = { ...request(4), toPort: 8007 };
  const inside: Ends = { ...asked, to: MEMBER[4] };

  const there = sent(frame(FROM_CLIENT, packet('tcp', asked)));
  const back = sent(frame(FROM_MEMBER, packet('tcp', turned(inside), {}, FLAG.ack)));

  same(there.out, frame(TO_MEMBER, packet('tcp', inside, { ttl: 63 })));
  same(back.out, frame(TO_CLIENT, packet('tcp', turned(asked), { ttl: 63 }, FLAG.ack)));
});

test('hairpin: a member that is a client of the VIP is served through onearm', () => {
  rig.listen({ address: VIP[4], portFrom: 80, mode: 'onearm' }, [{ address: MEMBER[4] }], [SOURCE[4]]);
  const own: Ends = { from: MEMBER[4], to: VIP[4], fromPort: 5000, toPort: 80 };

  const there = sent(frame(FROM_MEMBER, packet('tcp', own)));
  const inside: Ends = { from: SOURCE[4], to: MEMBER[4], fromPort: sourcePortOf(there.out, 4), toPort: 80 };
  const back = sent(frame(FROM_MEMBER, packet('tcp', turned(inside), {}, FLAG.ack)));

  same(there.out, frame(TO_MEMBER, packet('tcp', inside, { ttl: 63 })));
  same(back.out, frame(TO_MEMBER, packet('tcp', turned(own), { ttl: 63 }, FLAG.ack)));
});

/** The ring still names it, as between two steps of a plan: the program itself must look. */
function setMember(row: number, values: { weight: number; flags: number }): void {
  const view = new DataView(rig.object.map('members').memory(), row * ROW.size);
  view.setUint16(ROW.flags, values.flags, true);
  view.setUint16(ROW.weight, values.weight, true);
}

test('startPorts() begins the walk over ports somewhere, on every CPU, and leaves a begun one alone', () => {
  const cursor = rig.object.map('nat_cursor');
  const read = () => [...new Uint32Array(cursor.lookup(new Uint8Array(4))!.buffer)];
  const config = rig.object.map('config').memory();

  startPorts(cursor, config);
  const first = read();
  startPorts(cursor, config);

  const cpus = first.filter((_, at) => at % 2 === 0);
  assert.ok(
    cpus.every((port) => port > 0 && port < 15_872),
    JSON.stringify(first),
  );
  assert.deepEqual(read(), first);
});

// What contradicts itself: every cut, every wrong length. Never rewritten, always counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onRig } from '../xdp/on-rig.ts';
import { type Bytes, ip, raw } from '../xdp/packet.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  FAMILIES,
  FROM_CLIENT,
  frame,
  hex,
  MEMBER,
  PROTOCOLS,
  packet,
  request,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

/** BPF_PROG_RUN takes no frame shorter than an Ethernet header. */
const SHORTEST = 14;

for (const family of FAMILIES)
  for (const transport of PROTOCOLS)
    test(`IPv${family} ${transport} cut at each byte passes untouched`, () => {
      for (const mode of ['dr', 'nat'] as const) {
        rig.clear();
        rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport, mode }, [
          { address: MEMBER[family] },
        ]);
        const whole = frame(FROM_CLIENT, packet(transport, request(family)));
        for (let length = SHORTEST; length < whole.length; length++) {
          const cut = whole.slice(0, length);
          const { verdict, out } = sent(cut);
          assert.equal(verdict, VERDICT.pass, `${mode}, ${length} bytes`);
          assert.equal(hex(out), hex(cut));
        }
        assert.deepEqual(rig.counts(), { pass_malformed: whole.length - SHORTEST });
        assert.equal(sent(whole).verdict, VERDICT.tx);
      }
    });

for (const family of FAMILIES)
  for (const transport of PROTOCOLS)
    test(`IPv${family} ${transport} whose header claims less than its upper header needs passes`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport }, [{ address: MEMBER[family] }]);
      const need = { tcp: 20, udp: 8, sctp: 12 }[transport];
      for (let claimed = 0; claimed < need; claimed++) {
        const bytes = packet(transport, request(family));
        if (family === 4) bytes.set([0, 20 + claimed], 2);
        else bytes.set([0, claimed], 4);
        assert.equal(sent(frame(FROM_CLIENT, bytes)).verdict, VERDICT.pass, `${claimed} bytes`);
      }
      assert.deepEqual(rig.counts(), { pass_malformed: need });
    });

const CASES: readonly {
  readonly name: string;
  readonly family: 4 | 6;
  readonly spoil: (bytes: Bytes) => void;
}[] = [
  { name: 'IPv4 of version 5', family: 4, spoil: (bytes) => bytes.set([0x55], 0) },
  { name: 'IPv4 of version 6', family: 4, spoil: (bytes) => bytes.set([0x65], 0) },
  ...[0, 1, 2, 3, 4].map((ihl) => ({
    name: `IPv4 header of ${ihl} words`,
    family: 4 as const,
    spoil: (bytes: Bytes) => bytes.set([0x40 | ihl], 0),
  })),
  { name: 'IPv4 header longer than the packet', family: 4, spoil: (bytes) => bytes.set([0x4f], 0) },
  { name: 'IPv4 total length beyond the frame', family: 4, spoil: (bytes) => bytes.set([0, 41], 2) },
  { name: 'IPv4 total length 65535', family: 4, spoil: (bytes) => bytes.set([255, 255], 2) },
  { name: 'IPv4 total length below its header', family: 4, spoil: (bytes) => bytes.set([0, 19], 2) },
  { name: 'IPv4 total length 0', family: 4, spoil: (bytes) => bytes.set([0, 0], 2) },
  { name: 'IPv6 of version 4', family: 6, spoil: (bytes) => bytes.set([0x40], 0) },
  { name: 'IPv6 payload beyond the frame', family: 6, spoil: (bytes) => bytes.set([0, 21], 4) },
  { name: 'IPv6 payload 65535', family: 6, spoil: (bytes) => bytes.set([255, 255], 4) },
];
for (const { name, family, spoil } of CASES)
  test(`${name} passes untouched`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT }, [{ address: MEMBER[family] }]);
    const bytes = packet('tcp', request(family));
    spoil(bytes);
    const whole = frame(FROM_CLIENT, bytes);

    const { verdict, out } = sent(whole);

    assert.equal(verdict, VERDICT.pass);
    assert.equal(hex(out), hex(whole));
    assert.deepEqual(rig.counts(), { pass_malformed: 1 });
  });

test('extension headers that run past the packet pass', () => {
  rig.listen({ address: VIP[6], portFrom: VIP_PORT }, [{ address: MEMBER[6] }]);
  for (const length of [1, 2, 3, 10, 100, 255]) {
    const bytes = packet('tcp', request(6), {
      extensions: [{ number: 60, bytes: [0, length, 0, 0, 0, 0, 0, 0] }],
    });
    assert.equal(sent(frame(FROM_CLIENT, bytes)).verdict, VERDICT.pass, `length ${length}`);
  }
});

test('a tag that announces nothing passes', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);
  const bare = Uint8Array.from([...frame(FROM_CLIENT, new Uint8Array(0)).slice(0, 12), 0x81, 0, 0, 1]);

  assert.equal(sent(bare).verdict, VERDICT.pass);
  assert.deepEqual(rig.counts(), { pass_malformed: 1 });
});

for (const family of FAMILIES) {
  const id = 0x1111;
  const first = { offset: 0, more: true };
  const later = { offset: 1480, more: false };
  for (const mode of ['dr', 'tunnel', 'nat', 'onearm'] as const)
    test(`fragments follow their first one, ${mode} IPv${family}`, () => {
      const port = mode === 'dr' || mode === 'tunnel' ? 0 : 8080;
      rig.listen(
        { address: VIP[family], portFrom: VIP_PORT, transport: 'udp', mode },
        [{ address: MEMBER[family], port }],
        [family === 4 ? '10.0.0.254' : '2001:db8:a::fe'],
      );
      const rest = raw(17, new Uint8Array(32).fill(7));
      const ends = { from: CLIENT[family], to: VIP[family] };

      const one = sent(frame(FROM_CLIENT, packet('udp', request(family), { fragment: first, id })));
      const two = sent(frame(FROM_CLIENT, ip({ ...ends, fragment: later, id }, rest)));

      assert.equal(one.verdict, VERDICT.tx);
      assert.equal(two.verdict, VERDICT.tx);
      assert.deepEqual(rig.counts(), { forwarded: 1, fragment: 1 });
      if (mode === 'dr')
        assert.equal(hex(two.out.slice(14)), hex(ip({ ...ends, fragment: later, id, ttl: 63 }, rest)));
      if (mode === 'nat' || mode === 'onearm') {
        const from = mode === 'nat' ? CLIENT[family] : family === 4 ? '10.0.0.254' : '2001:db8:a::fe';
        const expected = ip({ from, to: MEMBER[family], fragment: later, id, ttl: 63 }, rest);
        assert.equal(hex(two.out.slice(14)), hex(expected));
      }
    });

  test(`a fragment that comes before its first one is dropped and counted, IPv${family}`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport: 'udp' }, [{ address: MEMBER[family] }]);
    const bytes = ip({ from: CLIENT[family], to: VIP[family], fragment: later }, raw(17, new Uint8Array(32)));

    assert.equal(sent(frame(FROM_CLIENT, bytes)).verdict, VERDICT.drop);
    assert.deepEqual(rig.counts(), { drop_fragment: 1 });
  });

  test(`a stranger's fragment passes, IPv${family}`, () => {
    const bytes = ip(
      { from: CLIENT[family], to: MEMBER[family], fragment: later },
      raw(17, new Uint8Array(32)),
    );

    assert.equal(sent(frame(FROM_CLIENT, bytes)).verdict, VERDICT.pass);
  });
}

test('an atomic fragment is a whole packet', () => {
  rig.listen({ address: VIP[6], portFrom: VIP_PORT }, [{ address: MEMBER[6] }]);
  const fragment = { offset: 0, more: false };

  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', request(6), { fragment }))).verdict, VERDICT.tx);
  assert.deepEqual(rig.counts(), { forwarded: 1 });
  assert.equal([...rig.object.map('fragments').keys()].length, 0);
});

for (let flags = 0; flags < 64; flags += 7)
  test(`TCP flags 0x${flags.toString(16)} are forwarded by dr as they are`, () => {
    rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);

    const { out } = sent(frame(FROM_CLIENT, packet('tcp', request(4), {}, flags)));

    assert.equal(hex(out.slice(14)), hex(packet('tcp', request(4), { ttl: 63 }, flags)));
  });

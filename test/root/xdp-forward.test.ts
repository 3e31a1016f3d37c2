// dr and tunnel: every family, protocol, tag and outer header, byte by byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTENER_FLAG } from '../../src/drivers/xdp/layout.ts';
import { onRig, same } from '../xdp/on-rig.ts';
import { type Bytes, ethernet, FLAG, ip, ip4, join, NUMBER, raw, udp } from '../xdp/packet.ts';
import { MAC, VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  FAMILIES,
  type Family,
  FROM_CLIENT,
  frame,
  hop,
  MEMBER,
  PROTOCOLS,
  packet,
  request,
  TO_MEMBER,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

for (const family of FAMILIES)
  for (const transport of PROTOCOLS) {
    test(`dr IPv${family} ${transport}: MAC addresses and lifetime change, nothing else`, () => {
      const { members } = rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport }, [
        { address: MEMBER[family] },
      ]);

      const { verdict, out } = sent(frame(FROM_CLIENT, packet(transport, request(family))));

      assert.equal(verdict, VERDICT.tx);
      same(out, frame(TO_MEMBER, packet(transport, request(family), { ttl: 63 })));
      assert.deepEqual(rig.counts(), { forwarded: 1 });
      const bytes = packet(transport, request(family)).length;
      assert.deepEqual(rig.memberCounts(members[0]!), [1, bytes, transport === 'tcp' ? 1 : 0, 0, 0]);
    });

    test(`dr IPv${family} ${transport} over veth leaves by redirect where it came in`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport }, [{ address: MEMBER[family] }]);
      rig.configure({ redirects: 1 });

      const { verdict, out } = sent(frame(FROM_CLIENT, packet(transport, request(family))));

      rig.configure();
      assert.equal(verdict, VERDICT.redirect);
      same(out, frame(TO_MEMBER, packet(transport, request(family), { ttl: 63 })));
    });

    test(`dr IPv${family} ${transport} to another port passes to the kernel untouched`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport }, [{ address: MEMBER[family] }]);
      const bytes = frame(FROM_CLIENT, packet(transport, { ...request(family), toPort: 81 }));

      const { verdict, out } = sent(bytes);

      assert.equal(verdict, VERDICT.pass);
      same(out, bytes);
      assert.deepEqual(rig.counts(), { pass_other: 1 });
    });

    for (const outer of FAMILIES)
      test(`tunnel IPv${family} in IPv${outer} ${transport}: the inner packet is whole, the outer valid`, () => {
        const { members } = rig.listen(
          { address: VIP[family], portFrom: VIP_PORT, transport, mode: 'tunnel' },
          [{ address: MEMBER[outer] }],
        );

        const { verdict, out } = sent(frame(FROM_CLIENT, packet(transport, request(family), { tos: 0xb9 })));

        const inner = packet(transport, request(family), { tos: 0xb9, ttl: 63 });
        const from = outerSource(out, outer);
        assert.match(from, outer === 4 ? /^198\.18\.\d+\.\d+$/ : /^100::/);
        const upper = raw(family === 6 ? NUMBER.ipv6 : NUMBER.ipip, inner);
        same(out, frame(TO_MEMBER, ip({ from, to: MEMBER[outer], id: 0, tos: 0xb9 }, upper)));
        assert.equal(verdict, VERDICT.tx);
        assert.deepEqual(rig.counts(), { forwarded: 1 });
        assert.equal(rig.memberCounts(members[0]!)[1], inner.length);
      });

    for (const outer of FAMILIES)
      for (const checked of [false, true])
        test(`GUE IPv${family} in IPv${outer} ${transport}, checksum ${checked ? 'full' : 'none'}`, () => {
          rig.listen(
            {
              address: VIP[family],
              portFrom: VIP_PORT,
              transport,
              mode: 'tunnel',
              tunnel: 'gue',
              flags: LISTENER_FLAG.hashPort | (checked ? LISTENER_FLAG.gueChecksum : 0),
            },
            [{ address: MEMBER[outer], outerSource: '10.0.0.2' }],
          );

          const { verdict, out } = sent(frame(FROM_CLIENT, packet(transport, request(family))));

          const inner = packet(transport, request(family), { ttl: 63 });
          const number = family === 6 ? NUMBER.ipv6 : NUMBER.ipip;
          const at = outer === 4 ? 34 : 54;
          const sourcePort = (out[at]! << 8) | out[at + 1]!;
          assert.ok(sourcePort >= 0xc000, 'the source port carries the entropy');
          const body = join([0, number, 0, 0], inner);
          // SCTP has no internet checksum to lean on: its datagrams go without.
          const noChecksum = !checked || transport === 'sctp';
          const from = outer === 4 ? '10.0.0.2' : '2001:db8:ff::1';
          const datagram = udp({ from: sourcePort, to: 6080, data: body, noChecksum });
          same(out, frame(TO_MEMBER, ip({ from, to: MEMBER[outer], id: 0 }, datagram)));
          assert.equal(verdict, VERDICT.tx);
        });
  }

function outerSource(out: Bytes, outer: Family): string {
  if (outer === 4) return out.subarray(26, 30).join('.');
  const groups: string[] = [];
  for (let i = 0; i < 8; i++) groups.push(((out[22 + i * 2]! << 8) | out[23 + i * 2]!).toString(16));
  return groups
    .join(':')
    .replace(/(:0)+:0:/, '::')
    .replace(/(:0)+:/, '::');
}

for (const family of FAMILIES)
  for (const tagsIn of [0, 1, 2])
    for (const vlan of [0, 42])
      for (const mode of ['dr', 'tunnel'] as const)
        test(`${mode} IPv${family}: ${tagsIn} tags in, ${vlan ? 'one' : 'none'} out`, () => {
          rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode }, [
            { address: MEMBER[4], hop: hop({ vlan }) },
          ]);
          const vlansIn = [100, 200].slice(0, tagsIn);

          const { verdict, out } = sent(
            ethernet({ ...FROM_CLIENT, vlans: vlansIn }, packet('tcp', request(family))),
          );

          assert.equal(verdict, VERDICT.tx);
          const inner = packet('tcp', request(family), { ttl: 63 });
          const vlans = vlan ? [vlan] : [];
          const start = 14 + vlans.length * 4;
          const payload =
            mode === 'dr'
              ? inner
              : ip4(
                  { from: out.subarray(start + 12, start + 16).join('.'), to: MEMBER[4], id: 0 },
                  raw(family === 6 ? NUMBER.ipv6 : NUMBER.ipip, inner),
                );
          same(out, ethernet({ ...TO_MEMBER, vlans }, payload));
        });

for (const words of [1, 2, 5, 10])
  test(`IPv4 options of ${words * 4} bytes stay where they are`, () => {
    rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);
    const options = new Array<number>(words * 4).fill(1);

    const { out } = sent(frame(FROM_CLIENT, packet('tcp', request(4), { options })));

    same(out, frame(TO_MEMBER, packet('tcp', request(4), { options, ttl: 63 })));
  });

const HOP_BY_HOP = { number: 0, bytes: [0, 0, 1, 4, 0, 0, 0, 0] };
const DESTINATION = { number: 60, bytes: [0, 1, 1, 12, ...new Array<number>(12).fill(0)] };
const ROUTING = { number: 43, bytes: [0, 0, 4, 0, 0, 0, 0, 0] };
for (const [name, extensions] of [
  ['hop-by-hop', [HOP_BY_HOP]],
  ['destination options', [DESTINATION]],
  ['routing', [ROUTING]],
  ['three', [HOP_BY_HOP, DESTINATION, ROUTING]],
  ['six', [HOP_BY_HOP, DESTINATION, ROUTING, DESTINATION, DESTINATION, DESTINATION]],
] as const)
  for (const transport of PROTOCOLS)
    test(`IPv6 ${transport} behind ${name} extension headers is found and kept`, () => {
      rig.listen({ address: VIP[6], portFrom: VIP_PORT, transport }, [{ address: MEMBER[6] }]);

      const { verdict, out } = sent(frame(FROM_CLIENT, packet(transport, request(6), { extensions })));

      assert.equal(verdict, VERDICT.tx);
      same(out, frame(TO_MEMBER, packet(transport, request(6), { extensions, ttl: 63 })));
    });

test('a seventh extension header is left to the kernel', () => {
  rig.listen({ address: VIP[6], portFrom: VIP_PORT }, [{ address: MEMBER[6] }]);
  const extensions = new Array(7).fill(DESTINATION);

  const { verdict } = sent(frame(FROM_CLIENT, packet('tcp', request(6), { extensions })));

  assert.equal(verdict, VERDICT.pass);
  assert.deepEqual(rig.counts(), { pass_other: 1 });
});

test('a member on another interface is reached by redirect', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4], hop: hop({ ifindex: 7 }) }]);

  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', request(4)))).verdict, VERDICT.redirect);
});

test('the same flow keeps its member, and flows spread over members', () => {
  const { members } = rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [
    { address: '10.0.0.1', hop: hop({ destinationMac: '02:00:00:00:01:01' }) },
    { address: '10.0.0.2', hop: hop({ destinationMac: '02:00:00:00:01:02' }) },
  ]);
  const chosen = new Map<number, number>();
  for (let port = 1; port <= 1000; port++)
    for (const flags of [FLAG.syn, FLAG.ack]) {
      const bytes = packet('tcp', { ...request(4), fromPort: port }, {}, flags);
      const last = sent(frame(FROM_CLIENT, bytes)).out[5]!;
      assert.equal(chosen.get(port) ?? last, last);
      chosen.set(port, last);
    }
  const first = [...chosen.values()].filter((last) => last === 1).length;

  assert.ok(first > 430 && first < 570, `flows of the first member: ${first} of 1000`);
  assert.equal(rig.memberCounts(members[0]!)[0]! + rig.memberCounts(members[1]!)[0]!, 2000);
});

test('without the port flag one client keeps one member whatever its ports', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT, flags: 0 }, [
    { address: '10.0.0.1', hop: hop({ destinationMac: '02:00:00:00:01:01' }) },
    { address: '10.0.0.2', hop: hop({ destinationMac: '02:00:00:00:01:02' }) },
  ]);
  const macs = new Set<number>();
  for (let port = 1; port <= 100; port++)
    macs.add(sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), fromPort: port }))).out[5]!);

  assert.equal(macs.size, 1);
});

test('padding behind the packet is carried but not counted', () => {
  const { members } = rig.listen({ address: VIP[4], portFrom: VIP_PORT, transport: 'udp' }, [
    { address: MEMBER[4] },
  ]);
  const bytes = packet('udp', request(4));
  const padded = join(frame(FROM_CLIENT, bytes), new Array<number>(14).fill(0));

  assert.equal(sent(padded).verdict, VERDICT.tx);
  assert.equal(rig.memberCounts(members[0]!)[1], bytes.length);
});

test('a listener without members drops and says why', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, []);

  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', request(4)))).verdict, VERDICT.drop);
  assert.deepEqual(rig.counts(), { drop_no_member: 1 });
});

test('a port range is served on each of its ports and no other', () => {
  rig.listen({ address: VIP[4], portFrom: 8000, portTo: 8003 }, [{ address: MEMBER[4] }]);
  const verdicts = [7999, 8000, 8001, 8002, 8003, 8004].map(
    (toPort) => sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), toPort }))).verdict,
  );

  assert.deepEqual(verdicts, [2, 3, 3, 3, 3, 2]);
});

test('frames for other hosts, ARP and unknown protocols pass', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);
  const arp = ethernet({ from: MAC.client, to: 'ff:ff:ff:ff:ff:ff' }, new Uint8Array(28), 0x0806);
  const ospf = frame(FROM_CLIENT, ip({ from: CLIENT[4], to: VIP[4] }, raw(89, new Uint8Array(24))));

  assert.equal(sent(arp).verdict, VERDICT.pass);
  assert.equal(sent(ospf).verdict, VERDICT.pass);
  assert.deepEqual(rig.counts(), { pass_other: 2 });
});

// ICMP: echo, errors routed by the quoted packet, and the errors we make ourselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onRig, same } from '../xdp/on-rig.ts';
import { type Bytes, ethernet, FLAG, icmp, icmp6, ip, tcp, type Upper, udp } from '../xdp/packet.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  CLIENT,
  CLIENT_PORT,
  type Ends,
  FAMILIES,
  type Family,
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  hop,
  MEMBER,
  PROTOCOLS,
  packet,
  ROUTER,
  request,
  SOURCE,
  TO_CLIENT,
  TO_MEMBER,
  turned,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

/** "Too big, use 1400", quoting the first `keep` bytes of a packet. */
function tooBig(family: Family, quoted: Bytes, keep: number): Upper {
  const body = quoted.slice(0, keep);
  return family === 4 ? icmp({ type: 3, code: 4, rest: 1400, body }) : icmp6({ type: 2, rest: 1400, body });
}

const own = { 4: '192.0.2.2', 6: '2001:db8:ff::1' } as const;

for (const family of FAMILIES) {
  test(`echo to a VIP is answered over IPv${family}`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT }, [{ address: MEMBER[family] }]);
    const make = (type: number) => {
      const echo = { type, rest: 0x00010002, body: [...'ping of 13 b.'].map((c) => c.charCodeAt(0)) };
      return family === 4 ? icmp(echo) : icmp6(echo);
    };

    const { verdict, out } = sent(
      frame(FROM_CLIENT, ip({ from: CLIENT[family], to: VIP[family], ttl: 9 }, make(family === 4 ? 8 : 128))),
    );

    assert.equal(verdict, VERDICT.tx);
    same(out, frame(TO_CLIENT, ip({ from: VIP[family], to: CLIENT[family] }, make(family === 4 ? 0 : 129))));
    assert.deepEqual(rig.counts(), { echo: 1 });
  });

  test(`echo to another address passes over IPv${family}`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT }, [{ address: MEMBER[family] }]);
    const echo = family === 4 ? icmp({ type: 8 }) : icmp6({ type: 128 });

    assert.equal(
      sent(frame(FROM_CLIENT, ip({ from: CLIENT[family], to: SOURCE[family] }, echo))).verdict,
      VERDICT.pass,
    );
  });

  for (const transport of PROTOCOLS) {
    test(`an error about a ${transport} reply finds the member, dr IPv${family}`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport }, [{ address: MEMBER[family] }]);
      const quoted = packet(transport, turned(request(family)), { ttl: 60 }, FLAG.ack);
      const error = (ttl: number) =>
        ip({ from: ROUTER[family], to: VIP[family], ttl }, tooBig(family, quoted, quoted.length));

      const { verdict, out } = sent(frame(FROM_CLIENT, error(64)));

      assert.equal(verdict, VERDICT.tx);
      same(out, frame(TO_MEMBER, error(63)));
      assert.deepEqual(rig.counts(), { icmp_forwarded: 1 });
    });

    for (const mode of ['nat', 'onearm'] as const)
      test(`an error about a ${transport} reply is rewritten for the member, ${mode} IPv${family}`, () => {
        rig.listen(
          { address: VIP[family], portFrom: VIP_PORT, transport, mode },
          [{ address: MEMBER[family] }],
          [SOURCE[family]],
        );
        const { out: opened } = sent(frame(FROM_CLIENT, packet(transport, request(family))));
        const at = family === 4 ? 34 : 54;
        const fromPort = (opened[at]! << 8) | opened[at + 1]!;
        const from = mode === 'nat' ? CLIENT[family] : SOURCE[family];
        const inside: Ends = { from, to: MEMBER[family], fromPort, toPort: VIP_PORT };
        const quoted = (ends: Ends) => packet(transport, turned(ends), { ttl: 60 }, FLAG.ack);

        const { verdict, out } = sent(
          frame(
            FROM_CLIENT,
            ip(
              { from: ROUTER[family], to: VIP[family] },
              tooBig(family, quoted(request(family)), quotable(family)),
            ),
          ),
        );

        assert.equal(verdict, VERDICT.tx);
        const expected = tooBig(family, quoted(inside), quotable(family));
        same(
          mask(out, family),
          mask(frame(TO_MEMBER, ip({ from: ROUTER[family], to: MEMBER[family], ttl: 63 }, expected)), family),
        );
      });

    for (const mode of ['nat', 'onearm'] as const)
      for (const speaker of ['router', 'member'] as const)
        test(`an error of the ${speaker} about a ${transport} request reaches the client, ${mode} IPv${family}`, () => {
          rig.listen(
            { address: VIP[family], portFrom: VIP_PORT, transport, mode },
            [{ address: MEMBER[family] }],
            [SOURCE[family]],
          );
          const { out: opened } = sent(frame(FROM_CLIENT, packet(transport, request(family))));
          const at = family === 4 ? 34 : 54;
          const fromPort = (opened[at]! << 8) | opened[at + 1]!;
          const from = mode === 'nat' ? CLIENT[family] : SOURCE[family];
          const inside: Ends = { from, to: MEMBER[family], fromPort, toPort: VIP_PORT };
          const quoted = (ends: Ends) => packet(transport, ends, { ttl: 60 });
          const said = speaker === 'router' ? ROUTER[family] : MEMBER[family];

          const { verdict, out } = sent(
            frame(
              FROM_MEMBER,
              ip({ from: said, to: from }, tooBig(family, quoted(inside), quotable(family))),
            ),
          );

          assert.equal(verdict, VERDICT.tx);
          const shown = speaker === 'router' ? ROUTER[family] : VIP[family];
          const expected = tooBig(family, quoted(request(family)), quotable(family));
          same(
            mask(out, family),
            mask(frame(TO_CLIENT, ip({ from: shown, to: CLIENT[family], ttl: 63 }, expected)), family),
          );
          assert.deepEqual(rig.counts(), { forwarded: 1, icmp_forwarded: 1 });
        });
  }

  test(`an error about a flow of nobody passes, IPv${family}`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode: 'nat' }, [{ address: MEMBER[family] }]);
    const quoted = packet('tcp', turned(request(family)));

    const { verdict } = sent(
      frame(
        FROM_CLIENT,
        ip({ from: ROUTER[family], to: VIP[family] }, tooBig(family, quoted, quoted.length)),
      ),
    );

    assert.equal(verdict, VERDICT.pass);
    assert.deepEqual(rig.counts(), { icmp_unknown: 1 });
  });

  test(`an error whose quote is cut before the ports passes, IPv${family}`, () => {
    rig.listen({ address: VIP[family], portFrom: VIP_PORT }, [{ address: MEMBER[family] }]);
    const quoted = packet('tcp', turned(request(family)));
    for (let keep = 0; keep < (family === 4 ? 24 : 44); keep++)
      assert.equal(
        sent(frame(FROM_CLIENT, ip({ from: ROUTER[family], to: VIP[family] }, tooBig(family, quoted, keep))))
          .verdict,
        VERDICT.pass,
        `${keep} bytes`,
      );
  });

  for (const mode of ['dr', 'tunnel', 'nat'] as const)
    test(`lifetime 1 is answered with time exceeded, ${mode} IPv${family}`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, mode }, [{ address: MEMBER[family] }]);
      const bytes = packet('tcp', request(family), { ttl: 1 });

      const { verdict, out } = sent(ethernet({ ...FROM_CLIENT, vlans: [9] }, bytes));

      assert.equal(verdict, VERDICT.tx);
      const error = family === 4 ? icmp({ type: 11, body: bytes }) : icmp6({ type: 3, body: bytes });
      const answer = ip({ from: own[family], to: CLIENT[family], id: 0, df: false }, error);
      same(out, ethernet({ ...TO_CLIENT, vlans: [9] }, answer));
      assert.deepEqual(rig.counts(), { ttl_sent: 1 });
    });

  for (const [mode, mtu, told] of [
    ['tunnel', 1500, family === 4 ? 1480 : 1460],
    ['dr', 1400, 1400],
    ['nat', 1400, 1400],
  ] as const)
    test(`a packet larger than the path is answered with its size, ${mode} IPv${family}`, () => {
      rig.listen({ address: VIP[family], portFrom: VIP_PORT, transport: 'udp', mode }, [
        { address: MEMBER[family], hop: hop({ mtu }) },
      ]);
      const big = (length: number) =>
        ip(
          { from: CLIENT[family], to: VIP[family] },
          udp({ from: CLIENT_PORT, to: VIP_PORT, data: new Uint8Array(length - (family === 4 ? 28 : 48)) }),
        );

      const fits = sent(frame(FROM_CLIENT, big(told)));
      const { verdict, out } = sent(frame(FROM_CLIENT, big(told + 1)));

      assert.equal(fits.verdict, VERDICT.tx);
      assert.equal(verdict, VERDICT.tx);
      const body = big(told + 1).slice(0, 128);
      const error =
        family === 4 ? icmp({ type: 3, code: 4, rest: told, body }) : icmp6({ type: 2, rest: told, body });
      same(out, frame(TO_CLIENT, ip({ from: own[family], to: CLIENT[family], id: 0, df: false }, error)));
      assert.deepEqual(rig.counts(), { forwarded: 1, too_big_sent: 1 });
    });
}

/** Enough of the quoted packet for its ports: its IP header and 8 bytes, as the oldest routers quote. */
function quotable(family: Family): number {
  return family === 4 ? 28 : 48;
}

/** Quoted TCP and UDP checksums (UDP's stands within 8 bytes) are not rewritten: blanked, with the sums over them. */
function mask(bytes: Bytes, family: Family): Bytes {
  const out = bytes.slice();
  const inner = family === 4 ? 14 + 20 + 8 : 14 + 40 + 8;
  const l4 = inner + (family === 4 ? 20 : 40);
  const protocol = out[inner + (family === 4 ? 9 : 6)]!;
  if (protocol === 17) out.set([0, 0], l4 + 6);
  if (protocol === 17) out.set([0, 0], (family === 4 ? 34 : 54) + 2);
  return out;
}

test('a packet that may be cut is dropped when too big, and nobody is told', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4], hop: hop({ mtu: 600 }) }]);
  const data = new Uint8Array(700);
  const bytes = ip({ from: CLIENT[4], to: VIP[4], df: false }, tcp({ from: 1, to: VIP_PORT, data }));

  assert.equal(sent(frame(FROM_CLIENT, bytes)).verdict, VERDICT.drop);
  assert.deepEqual(rig.counts(), { drop_too_big: 1 });
});

test('a frame sent to everybody is never answered', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);
  const link = { from: '03:00:00:00:00:01', to: FROM_CLIENT.to };

  assert.equal(sent(frame(link, packet('tcp', request(4), { ttl: 1 }))).verdict, VERDICT.drop);
  assert.deepEqual(rig.counts(), { drop_ttl: 1 });
});

test('answers of our own are limited to a thousand a second and CPU', () => {
  rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]);
  const bytes = frame(FROM_CLIENT, packet('tcp', request(4), { ttl: 1 }));
  for (let i = 0; i < 20_000; i++) rig.run.quick(bytes);
  const { ttl_sent: told = 0, drop_ttl: silent = 0 } = rig.counts();

  assert.equal(told + silent, 20_000);
  assert.ok(told >= 1000 && silent > 0, `${told} told, ${silent} silent`);
});

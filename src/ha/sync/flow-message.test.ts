// The replication protocol: what is written is read, in any pieces; garbage is refused and never throws oddly.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalIp } from '../../lib/ip.ts';
import type { FlowRecord } from '../../model/flow.ts';
import { readSync, type SyncMessage, SyncProtocolError, writeSync } from './flow-message.ts';

/** Records as code makes them, with an ordinary prototype. */
function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const port = fc.integer({ min: 0, max: 65_535 });
const v6 = fc
  .ipV6()
  .filter((one) => !one.includes('.'))
  .map(canonicalIp);

const flowOf = (address: fc.Arbitrary<string>): fc.Arbitrary<FlowRecord> =>
  plain({
    key: plain({
      protocol: fc.constantFrom(6, 17),
      client: address,
      clientPort: port,
      vip: address,
      vipPort: port,
    }),
    member: fc.oneof(fc.ipV4(), v6),
    memberPort: port,
    source: fc.oneof(fc.constant(''), fc.ipV4()),
    sourcePort: port,
    flags: fc.integer({ min: 0, max: 65_535 }),
    sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
  });
const flow = fc.oneof(flowOf(fc.ipV4()), flowOf(v6));
const message: fc.Arbitrary<SyncMessage> = fc.oneof(
  plain({
    kind: fc.constant<'hello'>('hello'),
    version: fc.integer({ min: 1, max: 9 }),
    node: fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed()),
    epoch: fc.nat(),
  }),
  fc.constant({ kind: 'pull' } as const),
  plain({ kind: fc.constant('complete' as const), count: fc.nat() }),
  plain({ kind: fc.constant('put' as const), flows: fc.array(flow, { maxLength: 20 }) }),
  plain({
    kind: fc.constant('close' as const),
    flows: fc.array(
      flow.map(({ key, sequence }) => ({ key, sequence })),
      { maxLength: 20 },
    ),
  }),
  plain({ kind: fc.constant('bye' as const), reason: fc.string() }),
  plain({
    kind: fc.constant('roles' as const),
    groups: fc.array(
      plain({
        group: fc.string({ maxLength: 40 }),
        role: fc.constantFrom('active' as const, 'standby' as const, 'fault' as const),
        epoch: fc.nat(),
        priority: fc.integer({ min: 0, max: 255 }),
      }),
      { maxLength: 5 },
    ),
  }),
);

test('readSync() reads what writeSync() wrote, wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.nat(), (all, where) => {
      const stream = Buffer.concat(all.map(writeSync));
      const cut = stream.length === 0 ? 0 : where % stream.length;
      const first = readSync(stream.subarray(0, cut));
      const second = readSync(Buffer.concat([first.rest, stream.subarray(cut)]));

      assert.deepEqual([...first.messages, ...second.messages], all);
      assert.equal(second.rest.length, 0);
    }),
  );
});

test('readSync() takes garbage for what it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readSync(bytes);
      } catch (error) {
        assert.ok(error instanceof SyncProtocolError, String(error));
      }
    }),
  );
});

test('readSync() skips a frame of a type it does not know', () => {
  const unknown = Buffer.from('0000000463000102', 'hex');

  assert.deepEqual(readSync(Buffer.concat([unknown, writeSync({ kind: 'pull' })])).messages, [
    { kind: 'pull' },
  ]);
});

test('writeSync() puts an IPv4 flow into 34 bytes behind the frame', () => {
  const one: FlowRecord = {
    key: { protocol: 6, client: '198.51.100.7', clientPort: 40_000, vip: '192.0.2.10', vipPort: 443 },
    member: '10.0.0.11',
    memberPort: 8443,
    source: '10.0.0.1',
    sourcePort: 30_000,
    flags: 1,
    sequence: 2,
  };

  assert.equal(
    Buffer.from(writeSync({ kind: 'put', flows: [one] })).toString('hex'),
    '00000024040004069c4001bb00000002c6336407c000020a000120fb753004040a00000b0a000001',
  );
});

// The thin path: one packet through dr and one through the tunnel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ethernet, FLAG, ip, tcp } from './packet.ts';
import { MAC, Rig, VERDICT } from './rig.ts';

const rig = new Rig();
test('dr changes MAC and TTL only', () => {
  rig.clear();
  const { members } = rig.listen({ address: '192.0.2.10', portFrom: 80 }, [{ address: '10.0.0.1' }]);
  const inner = (ttl: number) =>
    ip({ from: '198.51.100.7', to: '192.0.2.10', ttl }, tcp({ from: 4000, to: 80, flags: FLAG.syn }));
  const result = rig.run.run(ethernet({ from: MAC.client, to: MAC.us }, inner(64)));
  assert.deepEqual(rig.counts(), { forwarded: 1 });
  assert.equal(result.verdict, VERDICT.tx);
  assert.deepEqual(
    Buffer.from(result.packet),
    Buffer.from(ethernet({ from: MAC.us, to: MAC.member }, inner(63))),
  );
  assert.deepEqual(rig.memberCounts(members[0]!), [1, 40, 1, 0, 0]);
});
test('tunnel', () => {
  rig.clear();
  rig.listen({ address: '192.0.2.10', portFrom: 80, mode: 'tunnel' }, [{ address: '10.0.0.1' }]);
  const inner = (ttl: number) =>
    ip({ from: '198.51.100.7', to: '192.0.2.10', ttl }, tcp({ from: 4000, to: 80, flags: FLAG.syn }));
  const result = rig.run.run(ethernet({ from: MAC.client, to: MAC.us }, inner(64)));
  assert.deepEqual(rig.counts(), { forwarded: 1 });
  assert.equal(result.verdict, VERDICT.tx);
  assert.deepEqual(Buffer.from(result.packet.subarray(34)), Buffer.from(inner(63)));
});

// Runs inside a namespace for nft.test.ts: writes our table with the real nft, reads it back, changes it, takes it away.
import assert from 'node:assert/strict';
import { diffModels } from '../../src/drivers/ipvs/nft-diff.ts';
import type { NftEntry } from '../../src/drivers/ipvs/nft-entry.ts';
import { buildModel, EMPTY_MODEL, type NftModel } from '../../src/drivers/ipvs/nft-model.ts';
import { entriesOf, readModel } from '../../src/drivers/ipvs/nft-read.ts';
import { parseTarget } from '../../src/drivers/ipvs/service-key.ts';
import { NftProcess } from '../../src/kernel/nft-process.ts';
import { OpError } from '../../src/model/errors.ts';

const nft = new NftProcess();

function entry(key: string, rest: Omit<NftEntry, 'target'>): [string, NftEntry] {
  return [key, { target: parseTarget(key)!, ...rest }];
}

const ENTRIES = new Map([
  entry('tcp/192.0.2.10:80', { allowed: ['198.51.100.0/24', '203.0.113.7/32'], sources: [] }),
  entry('udp/192.0.2.10:8192-16383', {
    mark: 0x4c000001,
    sources: ['192.0.2.200', '192.0.2.201'],
    maxConnections: 100,
  }),
  entry('sctp/192.0.2.10:5-9', { mark: 0x4c000002, sources: ['192.0.2.200'] }),
  entry('tcp/[2001:db8::10]:80-90', {
    mark: 0x4c000003,
    sources: [],
    allowed: ['2001:db8:5::/48'],
    maxConnections: 7,
  }),
  entry('mark/7/4', { allowed: ['10.0.0.0/8'], sources: [], maxConnections: 9 }),
  entry('mark/7/6', { sources: ['2001:db8::1', '2001:db8::2'] }),
  entry('tcp/192.0.2.11:80', { allowed: [] }),
]);

async function read(): Promise<NftModel | undefined> {
  const objects = await nft.listTable('inet', 'lbctl');
  return objects === undefined ? undefined : readModel(objects);
}

assert.equal(await read(), undefined);
const before = nft.generation();
const first = buildModel(ENTRIES.values());
await nft.run(diffModels(undefined, first));
assert.deepEqual(await read(), first, 'reads back as written');
assert.deepEqual(
  new Map([...entriesOf(first)].sort()),
  new Map([...ENTRIES].sort()),
  'every entry is found in it',
);
assert.notEqual(nft.generation(), before);

const fewer = new Map(ENTRIES);
fewer.delete('tcp/192.0.2.10:80');
fewer.set(...entry('udp/192.0.2.10:8192-16383', { mark: 0x4c000001, sources: ['192.0.2.200'] }));
fewer.set(...entry('mark/7/4', { allowed: ['10.1.0.0/16'] }));
const second = buildModel(fewer.values());
await nft.run(diffModels(await read(), second));
assert.deepEqual(await read(), second, 'changes in place');
assert.deepEqual(diffModels(await read(), second), []);

await nft.run([{ flush: { chain: { family: 'inet', table: 'lbctl', name: 'source' } } }]);
await nft.run(diffModels(await read(), second));
assert.deepEqual(await read(), second, 'puts back what a strange hand took');

const seen = await read();
const fewest = buildModel([...fewer.values()].slice(0, 1));
const [gone] = [...second.chains.keys()].filter(
  (name) => !name.startsWith('mark') && !fewest.chains.has(name),
);
const use = { jump: { target: gone } };
await nft.run([
  { add: { chain: { family: 'inet', table: 'lbctl', name: 'stranger' } } },
  { add: { rule: { family: 'inet', table: 'lbctl', chain: 'stranger', expr: [use] } } },
]);
await assert.rejects(nft.run(diffModels(seen, fewest)), (error) => {
  assert.ok(error instanceof OpError);
  assert.match(error.message, /Cannot change nftables on "inet lbctl" as nft refused: .*resource busy/);
  assert.equal(error.retry, 'backoff');
  assert.match(error.hint, /nft monitor/);
  return true;
});
assert.deepEqual((await read())!.maps, second.maps, 'a refused transaction changes nothing');
await nft.run(diffModels(await read(), fewest));
assert.deepEqual(await read(), fewest, 'the next look sees the stranger, and clears its table of him');

await nft.run(diffModels(await read(), EMPTY_MODEL));
assert.equal(await read(), undefined);
await assert.rejects(
  nft.run([{ delete: { table: { family: 'inet', name: 'nobody' } } }]),
  /Cannot change nftables on "inet lbctl" as nft refused: .*No such file or directory/,
);
await assert.rejects(new NftProcess('/no/such/nft').run([{}]), /Cannot run "\/no\/such\/nft"/);
nft.close();
process.stdout.write('whole\n');

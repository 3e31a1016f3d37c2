import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeIpvs } from '../../kernel/fake/fake-ipvs.ts';
import type { IpvsTableEntry } from '../../kernel/ports.ts';
import type { IpvsDestination } from '../../wire/netlink/ipvs-destination.ts';
import type { IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';
import { ANEW, TableCache } from './table-cache.ts';

const SERVICES = 10 * ANEW;

class CountingIpvs extends FakeIpvs {
  entries = 0;
  tables = 0;

  override entry(key: IpvsServiceKey): IpvsTableEntry | undefined {
    this.entries += 1;
    return super.entry(key);
  }

  override async table(withStats: boolean): Promise<readonly IpvsTableEntry[]> {
    this.tables += 1;
    return super.table(withStats);
  }
}

let ipvs: CountingIpvs;
let cache: TableCache;

function keyOf(index: number): IpvsServiceKey {
  return { kind: 'address', family: 4, protocol: 'tcp', address: '192.0.2.10', port: 1000 + index };
}

const member: IpvsDestination = {
  address: '10.0.0.1',
  port: 80,
  forwarding: 0,
  weight: 1,
  upper: 0,
  lower: 0,
  tunnelType: 0,
  tunnelPort: 0,
  tunnelFlags: 0,
};

function setMember(index: number, change: Partial<IpvsDestination>) {
  return ipvs.execute([
    { kind: 'set-destination', service: keyOf(index), destination: { ...member, ...change } },
  ]);
}

async function rowOf(index: number) {
  const entry = (await cache.read()).find(
    ({ service }) => service.key.kind === 'address' && service.key.port === 1000 + index,
  );
  return entry?.destinations[0];
}

beforeEach(async () => {
  ipvs = new CountingIpvs();
  cache = new TableCache(ipvs);
  for (let i = 0; i < SERVICES; i++) {
    const service = {
      key: keyOf(i),
      scheduler: 'wrr',
      flags: 0,
      timeoutSeconds: 0,
      granularity: 32,
      engine: '',
    };
    await ipvs.execute([
      { kind: 'add-service', service },
      { kind: 'add-destination', service: keyOf(i), destination: member },
    ]);
  }
  await cache.read();
});

test('TableCache reads all once, then only a few of what stayed the same', async () => {
  const first = await cache.read();
  const second = await cache.read();

  assert.equal(ipvs.tables, 1);
  assert.equal(ipvs.entries, 2 * ANEW);
  assert.equal(second.length, SERVICES);
  assert.equal(second, first, 'nothing has changed, so it is the very same value');
});

test('TableCache does not mind connections that come and go', async () => {
  ipvs.count(keyOf(7), '10.0.0.1:80', { connections: 99n }, 4321);

  await cache.read();

  assert.equal(ipvs.entries, ANEW);
});

test('TableCache sees a strange hand on a weight, a member or a service at once', async () => {
  await setMember(100, { weight: 9 });
  assert.equal((await rowOf(100))?.weight, 9);

  await ipvs.execute([{ kind: 'delete-destination', service: keyOf(101), destination: member }]);
  assert.equal(await rowOf(101), undefined);

  await ipvs.execute([{ kind: 'delete-service', key: keyOf(102) }]);
  assert.equal((await cache.read()).length, SERVICES - 1);
});

test('TableCache sees a strange hand on what the text hides once all had their turn', async () => {
  await setMember(200, { upper: 500 });

  const seen: number[] = [];
  for (let i = 0; i < SERVICES / ANEW; i++) seen.push((await rowOf(200))?.upper ?? -1);

  assert.equal(seen.at(-1), 500);
});

test('TableCache sees our own change at once', async () => {
  await setMember(200, { upper: 500 });
  cache.forget('tcp/192.0.2.10:1200');

  assert.equal((await rowOf(200))?.upper, 500);
});

test('TableCache reads everything where there is no text to look at', async () => {
  ipvs.procText = () => undefined;

  assert.equal((await cache.read()).length, SERVICES);
  assert.equal(ipvs.tables, 2);
});

// Two nodes telling each other of flows, over a pipe that stalls, doubles and reorders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowEnd, FlowKey, FlowRecord, FlowTable } from '../../model/flow.ts';
import { writeSync } from './flow-message.ts';
import { isNewer, Replication } from './replication.ts';

function flow(n: number, sequence = 1, member = '10.0.0.11'): FlowRecord {
  const key = {
    protocol: 6,
    client: `198.51.${n >> 8}.${n & 255}`,
    clientPort: 40_000,
    vip: '192.0.2.10',
    vipPort: 443,
  };
  return { key, member, memberPort: 8443, source: '', sourcePort: 0, flags: 0, sequence };
}

class MemoryTable implements FlowTable {
  readonly flows = new Map<string, FlowRecord>();

  constructor(flows: readonly FlowRecord[] = []) {
    this.put(flows);
  }

  established(): Iterable<FlowRecord> {
    return [...this.flows.values()];
  }

  sequenceOf(key: FlowKey): number | undefined {
    return this.flows.get(key.client)?.sequence;
  }

  put(flows: readonly FlowRecord[]): void {
    for (const one of flows) this.flows.set(one.key.client, one);
  }

  remove(ends: readonly FlowEnd[]): void {
    for (const { key } of ends) this.flows.delete(key.client);
  }
}

interface End {
  readonly replication: Replication;
  readonly out: Uint8Array[];
  readonly said: string[];
  open: boolean;
}

function end(node: string, table: FlowTable, pulls = false): End {
  const out: Uint8Array[] = [];
  const said: string[] = [];
  const one = { out, said, open: true } as { -readonly [K in keyof End]: End[K] };
  one.replication = new Replication({
    node,
    table,
    pulls,
    epoch: () => 1,
    send: (bytes) => {
      out.push(bytes);
      return one.open;
    },
    onComplete: (flows) => said.push(`complete ${flows}`),
    onRoles: (peer, groups) => said.push(`${peer} ${groups.map((one) => `${one.group}=${one.role}`).join()}`),
    onRefused: (why) => said.push(why),
  });
  return one;
}

function exchange(a: End, b: End): void {
  while (a.out.length + b.out.length > 0) {
    for (const bytes of a.out.splice(0)) b.replication.receive(bytes);
    for (const bytes of b.out.splice(0)) a.replication.receive(bytes);
  }
}

test('Replication brings a joining node all flows and says when it has them', () => {
  const full = new MemoryTable(Array.from({ length: 2000 }, (_, n) => flow(n)));
  const empty = new MemoryTable();
  const [a, b] = [end('lb-a', full), end('lb-b', empty, true)];

  exchange(a, b);

  assert.equal(empty.flows.size, 2000);
  assert.deepEqual(b.said, ['complete 2000']);
  assert.deepEqual(a.said, []);
});

test('Replication passes on what changes, and late or doubled news changes nothing', () => {
  const [mine, theirs] = [new MemoryTable([flow(1)]), new MemoryTable()];
  const [a, b] = [end('lb-a', mine), end('lb-b', theirs, true)];
  exchange(a, b);

  a.replication.tell({ changed: [flow(1, 3, '10.0.0.12'), flow(2)], gone: [] });
  exchange(a, b);
  b.replication.receive(
    writeSync({ kind: 'put', flows: [flow(1, 2, '10.0.0.13'), flow(1, 3, '10.0.0.14')] }),
  );
  b.replication.receive(writeSync({ kind: 'close', flows: [{ key: flow(2).key, sequence: 1 }] }));
  assert.equal(theirs.flows.get('198.51.0.1')?.member, '10.0.0.12');
  assert.equal(theirs.flows.size, 2);

  a.replication.tell({ changed: [], gone: [{ key: flow(2).key, sequence: 2 }] });
  exchange(a, b);
  assert.equal(theirs.flows.size, 1);
});

test('Replication keeps only the newest state of each flow for a peer that takes no more', () => {
  const [a, b] = [end('lb-a', new MemoryTable()), end('lb-b', new MemoryTable(), true)];
  exchange(a, b);
  a.open = false;
  a.replication.tell({ changed: [flow(0)], gone: [] });
  for (let round = 2; round < 50; round++)
    a.replication.tell({ changed: Array.from({ length: 100 }, (_, n) => flow(n, round)), gone: [] });

  assert.equal(a.replication.backlog, 100);
  assert.equal(a.out.length, 1);
  a.open = true;
  a.replication.resume();
  assert.equal(a.replication.backlog, 0);
});

test('Replication refuses another version clearly, on both sides, and puts nothing', () => {
  const table = new MemoryTable();
  const a = end('lb-a', table);
  a.out.length = 0;
  a.replication.receive(writeSync({ kind: 'hello', version: 9, node: 'lb-z', epoch: 1 }));
  a.replication.receive(writeSync({ kind: 'put', flows: [flow(1)] }));

  assert.deepEqual(a.said, ['Cannot sync with "lb-z" as it speaks version 9, we 1']);
  assert.equal(table.flows.size, 0);
  assert.equal(a.out.length, 1);
});

test('Replication refuses what is not its protocol', () => {
  const a = end('lb-a', new MemoryTable());
  a.replication.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'));

  assert.match(a.said.join(), /Cannot read a frame/);
});

test('Replication passes on what a node says of its groups', () => {
  const [a, b] = [end('lb-a', new MemoryTable()), end('lb-b', new MemoryTable(), true)];
  exchange(a, b);
  a.replication.tellRoles([{ group: 'pair', role: 'active', epoch: 2, priority: 150 }]);
  exchange(a, b);

  assert.deepEqual(b.said, ['complete 0', 'lb-a pair=active']);
});

test('isNewer() goes on where the numbers wrap', () => {
  assert.deepEqual(
    [isNewer(1, undefined), isNewer(2, 1), isNewer(1, 1), isNewer(1, 2), isNewer(0, 0xffff_ffff)],
    [true, true, false, false, true],
  );
});

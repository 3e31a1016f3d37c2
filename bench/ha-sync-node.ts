// One node of the benchmark of connection sync: real tables of the XDP program, real TLS to the other node, and traffic that
// is written into the tables as the program would do it. Commands come as lines of JSON, answers go out the same way.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeKey, writeReplyKey, writeReplyValue, writeValue } from '../src/drivers/xdp/flows/flow-rows.ts';
import { FLOW_REPLY, FLOW4_KEY } from '../src/drivers/xdp/layout.ts';
import { FlowSync } from '../src/ha/sync/flow-sync.ts';
import { systemClock } from '../src/lib/clock.ts';
import { Rig } from '../test/xdp/rig.ts';
import { rigFlows } from '../test/xdp/rig-flows.ts';

const [name = '', port = '', peer = '', folder = ''] = process.argv.slice(2);
const VIP = '192.0.2.10';
const SOURCES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const MEMBERS = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'] as const;
const PORTS = 31_744;
const ESTABLISHED = 2;
const CLOSED = 5;

const rig = new Rig({ flows4: 1 << 20, members: 256, listeners: 64 });
const { members } = rig.listen(
  { address: VIP, portFrom: 80, mode: 'fullnat' },
  MEMBERS.map((address) => ({ address, port: 8080 })),
  SOURCES,
);
const flows4 = rig.object.map('flows4');
const table = rigFlows(rig, () => performance.now());
const pem = (file: string): Buffer => readFileSync(`${folder}/${file}`);
let synced = false;
const sync = new FlowSync({
  clock: systemClock,
  node: name,
  table,
  tls: { cert: pem(`${name}.pem`), key: pem(`${name}.key`), ca: pem('ca.pem') },
  listen: { host: '127.0.0.1', port: Number(port) },
  peers: [{ host: '127.0.0.1', port: Number(peer) }],
  minAgeMs: 3000,
  epoch: () => 1,
  roles: () => [],
  onRoles: () => {},
  onSynced: (is) => {
    synced = is;
  },
  onTrouble: (what, detail) => process.stderr.write(`${name}: ${what}: ${detail}\n`),
});

/** Processor time of writing the traffic, which on a balancer is the program's. */
let trafficMs = 0;

function write(from: number, count: number, state: number): void {
  const before = process.cpuUsage();
  const [keys, values]: [Uint8Array[], Uint8Array[]] = [[], []];
  const stamp = ((rig.tick() & 0xfff) << 4) | state;
  for (let n = from; n < from + count; n++) {
    const key = {
      protocol: 6,
      client: `10.${100 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
      clientPort: 40_000,
      vip: VIP,
      vipPort: 80,
    };
    const nat = Math.floor(n / PORTS);
    const [source, member] = [nat % SOURCES.length, Math.floor(nat / SOURCES.length) % MEMBERS.length];
    const sourcePort = 1024 + (n % PORTS);
    const number = members[member]!;
    keys.push(writeKey(key), writeReplyKey(key, [MEMBERS[member]!, 8080], [SOURCES[source]!, sourcePort]));
    values.push(writeValue(key, { member: number, sourcePort, stamp, source }), writeReplyValue(key, number));
  }
  flows4.updateBatch(Buffer.concat(keys), Buffer.concat(values), keys.length);
  bill(before);
}

function erase(from: number, count: number): void {
  const before = process.cpuUsage();
  for (let n = from; n < from + count; n++)
    flows4.delete(
      writeKey({
        protocol: 6,
        client: `10.${100 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
        clientPort: 40_000,
        vip: VIP,
        vipPort: 80,
      }),
    );
  bill(before);
}

function bill(before: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(before);
  trafficMs += (user + system) / 1000;
}

/** New connections that live for some seconds, end, and are forgotten a while later, as HTTP clients make them. */
async function churn(perSecond: number, seconds: number, first: number): Promise<void> {
  const STEP_MS = 50;
  const batch = Math.round((perSecond * STEP_MS) / 1000);
  const startMs = performance.now();
  for (let step = 0; step * STEP_MS < seconds * 1000; step++) {
    write(first + step * batch, batch, ESTABLISHED);
    const ended = step - 5000 / STEP_MS;
    if (ended >= 0) write(first + ended * batch, batch, CLOSED);
    const forgotten = step - 10_000 / STEP_MS;
    if (forgotten >= 0) erase(first + forgotten * batch, batch);
    await sleep(Math.max(0, startMs + (step + 1) * STEP_MS - performance.now()));
  }
}

function countFlows(below: number): number {
  let count = 0;
  for (const batch of flows4.batches(4096))
    for (let i = 0; i < batch.count; i++) {
      const at = i * 16;
      if (batch.keys[at + FLOW4_KEY.direction] === FLOW_REPLY) continue;
      const n = ((batch.keys[at + 1]! - 100) << 16) | (batch.keys[at + 2]! << 8) | batch.keys[at + 3]!;
      if (n < below) count++;
    }
  return count;
}

const CALLS: Readonly<Record<string, (argument: number[]) => unknown>> = {
  establish: ([count = 0]) => {
    for (let n = 0; n < count; n += 4096) write(n, Math.min(4096, count - n), ESTABLISHED);
  },
  start: () => sync.start(),
  churn: ([perSecond = 0, seconds = 0, first = 0]) => churn(perSecond, seconds, first),
  usage: () => {
    const { user, system } = process.cpuUsage();
    return { totalMs: (user + system) / 1000, trafficMs };
  },
  status: () => ({ synced, ...sync.status() }),
  count: ([below = 0]) => countFlows(below),
};

process.stdout.write('"ready"\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [call, ...argument] = JSON.parse(line) as [string, ...number[]];
  process.stdout.write(`${JSON.stringify((await CALLS[call]!(argument)) ?? null)}\n`);
}
process.exit(0);

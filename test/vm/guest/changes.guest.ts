// What happens to traffic and kernel state while things change: weights, drift, drain, a crash in the middle of an apply.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { mustSync } from '../../../lab/process.ts';
import { buildMember } from '../../fixtures/build-intent.ts';
import { Balancer, type Service } from './balancer.ts';
import { Topology, VIP4 } from './topology.ts';

let net: Topology;
let balancer: Balancer;

before(async () => {
  net = await Topology.create('change');
  net.answerThrough('balancer');
  net.lab.root.address('lb0', `${VIP4}/32`);
});
beforeEach(() => {
  balancer = new Balancer();
});
after(async () => {
  await balancer.close();
  await net.close();
});

/** A port for each test: the kernel gives a row that comes back its old counters while connections remember it. */
let port = 80;
beforeEach(() => {
  port++;
});

function service(weights: readonly number[]): Service {
  const members = weights.map((weight, i) => buildMember(net.members[i]!.address4, { port: 80, weight }));
  return { port, family: 4, members, listener: { scheduler: 'wrr' } };
}

/** The kernel sums its counters every two seconds: waits until the service shows this many connections. */
async function countersOf(connections: number): Promise<string> {
  let text = '';
  for (let round = 0; round < 40; round++) {
    text = mustSync(['ipvsadm', '-L', '-n', '--stats', '--exact', '-t', `${VIP4}:${port}`]);
    if (new RegExp(`^TCP +\\S+ +${connections} `, 'm').test(text)) return text;
    await wait(250);
  }
  throw new Error(`Cannot see ${connections} connections in the counters:\n${text}`);
}

function table(): string {
  return mustSync(['ipvsadm', '-S', '-n']);
}

test('weights and members change under load without one failed request', async () => {
  await balancer.apply(service([1, 1, 1]));
  const load = net.load({ address: VIP4, port, concurrency: 4 });

  for (const weights of [
    [5, 1, 1],
    [0, 3, 3],
    [9, 9],
    [1, 1, 1],
  ]) {
    await load.goOn(12);
    await balancer.apply(service(weights));
  }
  await load.goOn(12);
  const { answers, failures } = await load.finish();

  assert.deepEqual(failures, []);
  assert.ok(Object.values(answers).reduce((sum, count) => sum + count, 0) > 50, JSON.stringify(answers));
});

test('a weight is edited in place: counters of the row and its connections stay', async () => {
  await balancer.apply(service([1, 1, 1]));
  const load = net.load({ address: VIP4, port, count: 6, hold: true });
  await load.report;
  const before = await countersOf(6);

  const steps = await balancer.apply(service([7, 1, 1]));

  assert.deepEqual(
    steps.map((step) => step.verb),
    ['change'],
  );
  assert.equal(await countersOf(6), before);
  assert.match(mustSync(['ipvsadm', '-L', '-n']), /10\.2\.0\.11:80 +Masq +7 +2 /);
  await load.finish();
});

test('a scheduler is edited in place: the service keeps its connections', async () => {
  await balancer.apply(service([1, 1, 1]));
  const held = net.load({ address: VIP4, port, count: 3, hold: true });
  await held.report;

  const steps = await balancer.apply({ ...service([1, 1, 1]), listener: { scheduler: 'lc' } });

  assert.deepEqual(
    steps.map((step) => step.id),
    [`ipvs change-listener tcp/${VIP4}:${port}`],
  );
  assert.match(mustSync(['ipvsadm', '-L', '-n']), /lc\n[^\n]*10\.2\.0\.1\d:80 +Masq +1 +1 /);
  await held.finish();
});

test('a drained member keeps its connections and gets no new ones', async () => {
  await balancer.apply(service([1, 1, 1]));
  const held = net.load({ address: VIP4, port, count: 3, hold: true });
  await held.report;

  await balancer.apply(service([0, 1, 1]));
  const { answers } = await net.ask({ address: VIP4, port, count: 8 });

  assert.deepEqual(answers, { m2: 4, m3: 4 });
  assert.match(mustSync(['ipvsadm', '-L', '-n']), /10\.2\.0\.11:80 +Masq +0 +1 /);
  await held.finish();
});

test('what somebody changed by hand is repaired, and what is not ours stays', async () => {
  await balancer.apply(service([1, 2, 3]));
  const wanted = table();
  mustSync(['ipvsadm', '-A', '-t', '192.0.2.99:99', '-s', 'rr']);
  const foreign = table();
  mustSync(['ipvsadm', '-e', '-t', `${VIP4}:${port}`, '-r', '10.2.0.11:80', '-m', '-w', '50']);
  mustSync(['ipvsadm', '-d', '-t', `${VIP4}:${port}`, '-r', '10.2.0.12:80']);
  mustSync(['ipvsadm', '-a', '-t', `${VIP4}:${port}`, '-r', '10.2.0.77:80', '-m']);
  mustSync(['ipvsadm', '-E', '-t', `${VIP4}:${port}`, '-s', 'rr']);

  const steps = await balancer.apply(service([1, 2, 3]));

  assert.equal(table(), foreign);
  assert.ok(foreign.includes(wanted.trim().split('\n')[0]!));
  assert.equal(steps.length, 4);
});

test('a service that was deleted by hand comes back with its members', async () => {
  await balancer.apply(service([1, 2, 3]));
  const wanted = table();
  mustSync(['ipvsadm', '-C']);

  await balancer.apply(service([1, 2, 3]));

  assert.equal(table(), wanted);
});

test('an apply killed in its middle converges at the next start, and nothing is left that is not wanted', async () => {
  const script = join(import.meta.dirname, 'hosts/apply-forever.ts');
  const journal = '/tmp/steelyard-crash.journal';
  mustSync(['rm', '-f', journal]);
  const run = (rounds: string) =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, journal, rounds], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });

  // The first kill meets an empty table being filled, the second one World being turned into another.
  for (const from of [0, ROWS]) {
    const child = run('forever');
    const seen = await rowsAbove(from);
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.ok(seen < from + ROWS, `${seen} rows are no middle`);
  }
  const last = run('once');
  const [code] = (await once(last, 'close')) as [number];

  assert.equal(code, 0);
  const rows = table().trim().split('\n');
  assert.equal(rows.length, ROWS);
  assert.ok(rows.every((row) => !row.includes('10.9.0.')));
});

/** Rows of one of the two Worlds: a hundred services of three members. */
const ROWS = 400;
const CRASH_LIMIT_MS = 120_000;

async function rowsAbove(from: number): Promise<number> {
  const until = performance.now() + CRASH_LIMIT_MS;
  while (performance.now() < until) {
    // Three lines of heading.
    const rows = readFileSync('/proc/net/ip_vs', 'utf8').trimEnd().split('\n').length - 3;
    if (rows > from) return rows;
    await wait(5);
  }
  throw new Error(`Cannot crash an apply as the table stayed at ${from} rows`);
}

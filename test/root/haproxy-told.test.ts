// A member that real traffic fails and a port that another program has, as an operator meets them: through commands, the API,
// metrics and a plan, of a real daemon.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import type { Status } from '../../src/model/status.ts';
import { ROOT } from '../house/run-lbctl.ts';

const VIP = '192.0.2.10';
const GOOD = '127.0.0.1:9001';
const BAD = '127.0.0.1:9002';
/** One answers, one fails whatever it is asked; and a port of the VIP is taken. */
const SERVERS = `const { createServer } = require('node:http');
createServer((_, answer) => answer.end('good')).listen(9001, '127.0.0.1', () =>
  createServer((_, answer) => answer.writeHead(500).end()).listen(9002, '127.0.0.1', () =>
    createServer().listen(8081, '${VIP}', () => console.log('ready'))));`;
const TRIES = 300;

const lab = Lab.create('told');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-told-'));
const config = join(folder, 'config.yaml');
const socket = join(folder, 'api.sock');
let node: Host;
let holder = 0;

before(async () => {
  node = lab.host('node');
  // The servers are there before the VIP is.
  node.sysctls({ 'net.ipv4.ip_nonlocal_bind': 1 });
  const servers = node.spawn([process.execPath, '-e', SERVERS], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done) => servers.stdout!.once('data', done));
  holder = servers.pid!;
  // Brought back by nothing in this test: an hour is the longest that can be said.
  const passive = '{ observe: answers, errors: 3, retry: 1h }';
  const members = '[{ address: 127.0.0.1, port: 9001 }, { address: 127.0.0.1, port: 9002 }]';
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
api: { socket: ${socket} }
network: { frontend: { interface: lo } }
engine: haproxy
mode: proxy
listeners:
  - { name: web, vip: ${VIP}, port: 8080, protocol: http, scheduler: rr, passive: ${passive}, members: ${members} }
  - name: ruled
    vip: ${VIP}
    port: 8082
    protocol: http
    members: ${members}
    http: { rules: [{ name: all, match: [{ type: path, compare: starts, value: /slow }], action: { pool: byrule } }] }
  - { name: taken, vip: ${VIP}, port: 8081, protocol: http, scheduler: rr, members: ${members} }
pools:
  - name: byrule
    members: [{ name: here, address: 127.0.0.1, port: 9001 }, { name: gone, address: 127.0.0.1, port: 9009 }]
    health: { type: tcp, interval: 100ms, rise: 1, fall: 1 }
`,
  );
  node.spawn([join(ROOT, 'lbctl'), 'daemon', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] });
});

after(async () => {
  await lab.close();
  rmSync(folder, { recursive: true });
});

function lbctl(...args: string[]): Promise<string> {
  return node.must([join(ROOT, 'lbctl'), ...args, '--socket', socket]);
}

interface Listed {
  readonly listeners: readonly { readonly reason: string; readonly observedWeight?: number }[];
  readonly key: string;
}

async function api<T>(path: string): Promise<readonly T[]> {
  const { code, stdout } = await node.exec(['curl', '-sf', '--unix-socket', socket, `http://lb${path}`]);
  return code === 0 ? (JSON.parse(stdout) as { items: readonly T[] }).items : [];
}

function rowOf(table: string, name: string): string {
  return table.split('\n').find((line) => line.includes(name)) ?? assert.fail(`no ${name} in\n${table}`);
}

test('a member that real traffic fails is told as such by commands, API and metrics', async () => {
  const failed = async (): Promise<Listed | undefined> =>
    (await api<Listed>('/v1/members')).find(
      ({ key, listeners }) => key.startsWith('web/') && listeners[0]?.reason === 'TrafficFailed',
    );
  let told = await failed();
  for (let i = 0; i < TRIES && told === undefined; i++) {
    await node.exec(['curl', '-s', '-o', '/dev/null', `http://${VIP}:8080/`]);
    await sleep(50);
    told = await failed();
  }

  assert.deepEqual(
    told?.listeners.map(({ reason, observedWeight }) => [reason, observedWeight]),
    [['TrafficFailed', 0]],
  );
  const name = told!.key;
  const members = await lbctl('show', 'members');
  assert.match(rowOf(members, name), /9002 +1 +0 .*TrafficFailed/);
  assert.doesNotMatch(rowOf(members, GOOD), /TrafficFailed/);
  const listeners = await lbctl('show', 'services');
  assert.match(rowOf(listeners, 'web'), /degraded +TrafficFailed/);
  const data = JSON.parse(await lbctl('show', 'members', '-o', 'json')) as readonly Listed[];
  assert.equal(data.find(({ key }) => key === name)?.listeners[0]?.reason, 'TrafficFailed');
  const status = JSON.parse(await node.must(['curl', '-sf', '--unix-socket', socket, 'http://lb/v1/status']));
  const { condition, reason } = (status as Status).listeners.find((one) => one.name === 'web')!;
  assert.deepEqual([condition, reason], ['degraded', 'TrafficFailed']);
  const metrics = await node.must(['curl', '-sf', 'http://127.0.0.1:9090/metrics']);
  const weight = (backend: string) =>
    new RegExp(
      `^lbctl_health_backend_weight\\{.*service="web",backend="[^"]*${backend}[^"]*"\\} (\\d+)`,
      'm',
    ).exec(metrics)?.[1];
  assert.deepEqual([weight(BAD), weight(GOOD)], ['0', '1']);
  // And the one with a member of its rule's pool that does not answer.
  assert.match(metrics, /^lbctl_listeners\{.*condition="degraded"\} 2$/m);
});

test('members of a pool that only a rule sends to are told as any others', async () => {
  const reasons = async () =>
    (await api<Listed>('/v1/members')).flatMap(({ key, listeners }) =>
      key.startsWith('byrule/') ? listeners.map((one) => `${key} ${one.reason} ${one.observedWeight}`) : [],
    );
  const wanted = ['byrule/gone CheckFailed 0', 'byrule/here InService 1'];
  for (let i = 0; i < TRIES && (await reasons()).join() !== wanted.join(); i++) await sleep(50);

  assert.deepEqual(await reasons(), wanted);
  assert.match(rowOf(await lbctl('show', 'members'), 'byrule/gone'), /9009 +1 +0 .*CheckFailed/);
  const metrics = await node.must(['curl', '-sf', 'http://127.0.0.1:9090/metrics']);
  assert.match(metrics, /^lbctl_health_backend_healthy\{.*service="ruled",backend="127\.0\.0\.1:9009"\} 0$/m);
  await lbctl('drain', 'byrule/here', '--for', '1s', '--wait');
  await lbctl('member', 'reset', 'byrule/here');
  const events = await lbctl('events');
  assert.match(events, /member-changed .*from=InService member=here pool=byrule to=AdminDrain/);
});

test('the plan names the program that has the port of a listener, as to take it over cannot help', async () => {
  const told = await node.exec([join(ROOT, 'lbctl'), 'plan', '-c', config]);

  assert.equal(told.code, 5, told.stdout + told.stderr);
  assert.match(
    told.stdout,
    new RegExp(`listener tcp/${VIP}:8081 .*\\(pid ${holder}\\) listens there; stop it, or choose another`),
  );
  assert.doesNotMatch(told.stdout, /adopt/);
  assert.match(rowOf(await lbctl('show', 'services'), 'taken'), /down +Conflict/);
});

// What a pool does when its members go: the sorry server, the programs of its quorum and the panic threshold, walked with a real
// daemon, HAProxy and a client.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import type { Status } from '../../src/model/status.ts';
import { ROOT } from '../house/run-lbctl.ts';

const VIP = '192.0.2.10';
const SORRY_PORT = 9009;
const MEMBERS = ['m1', 'm2', 'm3'];
/** Each says its name. */
const SERVERS = `const { createServer } = require('node:http');
const all = [['m1', 9001], ['m2', 9002], ['m3', 9003], ['sorry', ${SORRY_PORT}]];
let left = all.length;
for (const [name, port] of all)
  createServer((_, answer) => answer.end(name)).listen(port, '127.0.0.1', () => --left || console.log('ready'));`;
/** Of round robin every one has its turn in it. */
const ASKED = 6;
const TRIES = 300;

const lab = Lab.create('quorum');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-quorum-'));
const script = join(folder, 'hook');
const heard = join(folder, 'heard');
let node: Host;

function say(member: string, value: 1 | -1): void {
  writeFileSync(join(folder, member), `${value}\n`);
}

before(async () => {
  node = lab.host('node');
  const servers = node.spawn([process.execPath, '-e', SERVERS], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done) => servers.stdout!.once('data', done));
  writeFileSync(script, `#!/bin/sh\necho "$1 $LBCTL_POOL $LBCTL_QUORUM" >> ${heard}\n`);
  chmodSync(script, 0o755);
  writeFileSync(heard, '');
  for (const member of MEMBERS) say(member, 1);
  const members = MEMBERS.map(
    (name, i) =>
      `{ address: 127.0.0.1, port: ${9001 + i}, health: [{ type: file, path: ${folder}/${name}, interval: 200ms, rise: 1, fall: 1 }] }`,
  ).join(', ');
  const quorum = `{ weight: 2, on_up: "${script} gained", on_down: "${script} lost" }`;
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
api: { socket: ${folder}/api.sock }
network: { frontend: { interface: lo } }
engine: haproxy
mode: proxy
listeners:
  - { name: web, vip: ${VIP}, port: 8080, protocol: http, scheduler: rr, quorum: ${quorum}, sorry: { address: 127.0.0.1, port: ${SORRY_PORT} }, members: [${members}] }
  - { name: mad, vip: ${VIP}, port: 8081, protocol: http, scheduler: rr, panic: 50, members: [${members}] }
`,
  );
  node.spawn([join(ROOT, 'lbctl'), 'daemon', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] });
});

after(async () => {
  await lab.close();
  rmSync(folder, { recursive: true });
});

/** Who answers there, in order of names. */
async function answering(port: number): Promise<string> {
  const url = `http://${VIP}:${port}/`;
  const { stdout } = await node.exec(['curl', '-s', '-w', '\\n', ...Array<string>(ASKED).fill(url)]);
  return [...new Set(stdout.split('\n').filter(Boolean))].sort().join(' ');
}

async function until(wanted: string, look: () => Promise<string>): Promise<void> {
  let seen = '';
  for (let i = 0; i < TRIES; i++) {
    seen = await look();
    if (seen === wanted) return;
    await sleep(50);
  }
  assert.equal(seen, wanted);
}

async function reasons(name: string): Promise<string> {
  const url = 'http://lb/v1/status';
  const said = await node.must(['curl', '-sf', '--unix-socket', `${folder}/api.sock`, url]);
  const { condition, reason, members } = (JSON.parse(said) as Status).listeners.find(
    (one) => one.name === name,
  )!;
  return [condition, reason, ...members.map((one) => one.reason)].join(' ');
}

test('all members serve while their checks pass', async () => {
  await until('m1 m2 m3', () => answering(8080));
  await until('m1 m2 m3', () => answering(8081));
});

test('below the quorum the sorry server answers, and the program of the pool is run; below the panic threshold all are used', async () => {
  const before = readFileSync(heard, 'utf8');
  say('m1', -1);
  say('m2', -1);

  await until('sorry', () => answering(8080));
  await until('lost web down\n', async () => readFileSync(heard, 'utf8').slice(before.length));
  await until('m1 m2 m3', () => answering(8081));
  await until('degraded SorryServer CheckFailed CheckFailed QuorumLost SorryServer', () => reasons('web'));
  await until('degraded PanicAllUsed PanicAllUsed PanicAllUsed InService', () => reasons('mad'));
});

test('with the quorum the members serve again, and above the panic threshold those that fail do not', async () => {
  const before = readFileSync(heard, 'utf8');
  say('m1', 1);

  await until('m1 m3', () => answering(8080));
  await until('gained web up\n', async () => readFileSync(heard, 'utf8').slice(before.length));
  await until('m1 m3', () => answering(8081));
  await until('degraded CheckFailed InService CheckFailed InService', () => reasons('mad'));
});

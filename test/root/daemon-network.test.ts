// The daemon hears what happens to links and addresses, long before its drift tick looks.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import { ROOT } from '../house/run-lbctl.ts';

const VIP = '192.0.2.10';
/** Events of so many addresses are more than a socket keeps for a process that does not read. */
const FLOOD = 8000;
/** The drift tick comes once an hour here: whatever happens sooner was heard. */
const configOf = (folder: string) => `
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
api: { socket: ${folder}/api.sock }
network: { frontend: { interface: eth0 } }
daemon: { reconcile_interval: 1h }
listeners:
  - name: web
    vip: ${VIP}
    port: 80
    engine: memory
    members: [{ address: 192.0.2.2, port: 80 }]
`;

const lab = Lab.create('netwatch');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-netwatch-'));
let node: Host;
let peer: Host;
let daemon: ChildProcess;
let log = '';

before(async () => {
  node = lab.host('node');
  peer = lab.host('peer');
  lab.link(
    { host: node, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host: peer, device: 'eth0', addresses: ['192.0.2.2/24'] },
  );
  const config = join(folder, 'config.yaml');
  writeFileSync(config, configOf(folder));
  const inside = ['netns', 'exec', node.namespace!, join(ROOT, 'lbctl'), 'daemon', '-c', config];
  daemon = spawn('ip', inside, { stdio: ['ignore', 'pipe', 'inherit'] });
  daemon.stdout!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await until(() => held(), 20_000);
});

after(async () => {
  daemon.kill('SIGTERM');
  if (daemon.exitCode === null) await once(daemon, 'exit');
  await lab.close();
  rmSync(folder, { recursive: true });
});

test('an address that somebody takes away is back', async () => {
  node.ip('address', 'del', `${VIP}/32`, 'dev', 'eth0');
  await until(() => held(), 20_000);
});

test('an address taken away while the kernel dropped events is back as well', async () => {
  const { pid } = daemon;
  process.kill(pid!, 'SIGSTOP');
  try {
    const flood = Array.from(
      { length: FLOOD },
      (_, i) => `address add 127.2.${i >> 8}.${i & 255}/32 dev lo\n`,
    );
    await node.must(['ip', '-batch', '-'], { input: flood.join('') });
    node.ip('address', 'del', `${VIP}/32`, 'dev', 'eth0');
    assert.ok(dropped() > 0, node.run('cat', '/proc/net/netlink'));
  } finally {
    process.kill(pid!, 'SIGCONT');
  }

  await until(() => held(), 20_000);
});

test('after its link was down the address is announced again', async () => {
  // The peer believes another station: only an announcement tells it better.
  peer.ip('link', 'set', 'eth0', 'down');
  await sleep(700);
  // In one process: the announcement may come at any moment from then on, and must find the other station there.
  const wrong = ['neigh', 'replace', VIP, 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'reachable'];
  peer.ipAll([['link', 'set', 'eth0', 'up'], wrong]);

  const mac = /link\/ether (\S+)/.exec(node.ip('link', 'show', 'eth0'))![1]!;
  await until(() => peer.ip('neigh', 'show', VIP).includes(mac), 5000);
});

test('a VIP whose interface went is there again with the interface', async () => {
  node.ip('link', 'del', 'eth0');
  await until(() => log.includes('as it does not exist'), 20_000);
  lab.link(
    { host: node, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host: peer, device: 'eth0', addresses: ['192.0.2.2/24'] },
  );

  await until(() => held(), 20_000);
});

/** Events the kernel threw away as a socket of this namespace was full: column Drops. */
function dropped(): number {
  const rows = node.run('cat', '/proc/net/netlink').trim().split('\n').slice(1);
  return rows.reduce((sum, row) => sum + Number(row.trim().split(/\s+/)[8]), 0);
}

function held(): boolean {
  return node.ip('-o', '-4', 'address', 'show', 'dev', 'eth0').includes(VIP);
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    assert.ok(performance.now() < end, `not within ${limitMs} ms`);
    await sleep(20);
  }
}

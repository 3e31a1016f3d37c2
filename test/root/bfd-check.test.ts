// Members that live by a BFD session, in a real daemon with the real bfdd: the session's word takes them out and brings them back.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabFrr } from '../../lab/frr.ts';
import { type Host, Lab } from '../../lab/netns.ts';
import { ROOT } from '../house/run-lbctl.ts';

const FRR_DIR = '/var/run/frr';
/** What follows the session, not how soon: a processor that is away for a third of a second is no silence. */
const BEAT_MS = 400;
const lab = Lab.create('bfdcheck');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-bfd-'));
const config = join(folder, 'config.yaml');
const frrs: LabFrr[] = [];
let node: Host;
let member: Host;
let said = '';

function configure(check: string): void {
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
api: { socket: ${folder}/api.sock }
network: { frontend: { interface: eth0 } }
engine: memory
ha:
  provider: frr
  bfd: [{ name: rack, peer: 192.0.2.2, local: 192.0.2.1, interface: eth0, transmit: ${BEAT_MS}ms, receive: ${BEAT_MS}ms, multiplier: 3 }]
listeners:
  - { name: web, vip: 192.0.2.10, port: 80, health: [${check}], members: [{ address: 192.0.2.2 }] }
`,
  );
}

before(async () => {
  node = lab.host('node');
  member = lab.host('member');
  lab.link(
    { host: node, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host: member, device: 'eth0', addresses: ['192.0.2.2/24'] },
  );
  for (const host of [node, member]) frrs.push(await LabFrr.start(host, ['zebra', 'bfdd']));
  await meet();
  configure('{ type: bfd, session: rack }');
  mkdirSync(FRR_DIR, { recursive: true });
  // FRR's sockets of this host stand where the daemon looks for them.
  const mount = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const daemon = node.spawn(
    [
      ...['unshare', '--mount', 'sh', '-c', mount, 'sh', frrs[0]!.dir, FRR_DIR],
      ...[join(ROOT, 'lbctl'), 'daemon', '-c', config],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  daemon.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
});

after(async () => {
  await lab.close();
  for (const one of frrs) one.removeFiles();
  rmSync(folder, { recursive: true });
});

/** The member's side of the session. */
function meet(): Promise<void> {
  const peer = 'peer 192.0.2.1 local-address 192.0.2.2 interface eth0';
  return frrs[1]!.configure('bfdd', [
    'bfd',
    peer,
    `receive-interval ${BEAT_MS}`,
    `transmit-interval ${BEAT_MS}`,
  ]);
}

/** As often as that, within a minute. */
async function told(what: RegExp, count: number): Promise<string> {
  for (let i = 0; i < 3000; i++) {
    const found = said.match(new RegExp(what, 'g')) ?? [];
    if (found.length >= count) return found.at(-1)!;
    await sleep(20);
  }
  return assert.fail(`no ${what} in\n${said}`);
}

test('a member follows the session it names: in, out when it falls silent, and in again', async () => {
  await told(/192\.0\.2\.2\S* .*to=InService/, 1);

  process.kill(frrs[1]!.pid('bfdd'), 'SIGKILL');
  await told(/192\.0\.2\.2\S* .*to=CheckFailed/, 1);
  const status = await node.must([
    join(ROOT, 'lbctl'),
    'show',
    'members',
    '-o',
    'json',
    '--socket',
    `${folder}/api.sock`,
  ]);
  assert.match(status, /BFD session \\"rack\\" is down/);

  member.run('rm', '-f', `${frrs[1]!.dir}/bfdd.vty`);
  await frrs[1]!.run('bfdd');
  await meet();
  await told(/192\.0\.2\.2\S* .*to=InService/, 2);
});

test('a check that comes after the word of its session hears it too', async () => {
  const lbctl = (...words: string[]) =>
    node.must([join(ROOT, 'lbctl'), ...words, '--socket', `${folder}/api.sock`]);
  // Another check, which nobody has judged yet.
  configure('{ type: bfd, session: rack, first: down }');
  await lbctl('reload');

  const [one] = JSON.parse(await lbctl('show', 'members', '-o', 'json')) as [{ readonly health: string }];
  assert.equal(one.health, 'up');
});

// `lbctl system` and `lbctl doctor` on a machine whose kernel has IPVS but has not loaded it for this configuration.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Lab } from '../../../lab/netns.ts';
import { exec } from '../../../lab/process.ts';
import { LBCTL } from '../harness/guest-paths.ts';

const WORK = '/tmp/steelyard-system';
const CONFIG = join(WORK, 'config.yaml');
const lab = Lab.create('system');

before(() => {
  mkdirSync(WORK, { recursive: true });
  const peer = lab.host('peer');
  lab.link({ host: lab.root, device: 'sys0', addresses: ['192.0.2.1/24'] }, { host: peer, device: 'eth0' });
  writeFileSync(
    CONFIG,
    `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: sys0 } }
engine: ipvs
mode: nat
system: { tuning_profile: balanced }
listeners:
  - { name: web, vip: 192.0.2.10, port: 80, scheduler: sed, members: [{ address: 10.0.0.11 }] }
  - { name: gone, vip: 192.0.2.10, port: 81, scheduler: twos, members: [{ address: 10.0.0.11 }] }
`,
  );
});
after(() => lab.close());

function lbctl(...args: readonly string[]) {
  return exec([LBCTL, ...args], { timeoutMs: 120_000 });
}

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly fix?: string;
}

async function findings(): Promise<ReadonlyMap<string, Finding>> {
  const { stdout, stderr } = await lbctl('doctor', '-c', CONFIG, '-o', 'json');
  assert.notEqual(stdout, '', stderr);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return new Map(findings.map((one) => [one.check, one]));
}

test('doctor tells a module that is not loaded from one that this kernel lacks', async () => {
  // Another file of this guest may have used the scheduler before.
  await exec(['modprobe', '-r', 'ip_vs_sed']);
  const found = await findings();

  assert.deepEqual(found.get('module-ip_vs_sed')?.fix, 'modprobe ip_vs_sed');
  assert.equal(found.get('module-ip_vs_sed')?.severity, 'warning');
  assert.equal(found.get('module-ip_vs_twos')?.severity, 'error');
  assert.match(found.get('module-ip_vs_twos')?.fix ?? '', /another scheduler than "twos"/);
});

test('system apply loads what there is and sets the rest, though one module fails', async () => {
  const applied = await lbctl('system', 'apply', '-c', CONFIG, '-o', 'json');

  assert.equal(applied.code, 1, applied.stderr);
  const { failed } = JSON.parse(applied.stdout) as { failed: { step: string; error: { code: string } }[] };
  assert.deepEqual(
    failed.map(({ step, error }) => `${step}: ${error.code}`),
    ['system add-module ip_vs_twos: ENGINE_UNAVAILABLE'],
  );
  assert.ok(existsSync('/sys/module/ip_vs_sed'));
  assert.equal(readFileSync('/proc/sys/net/ipv4/vs/conntrack', 'utf8').trim(), '1');
  assert.match(readFileSync('/etc/modprobe.d/lbctl.conf', 'utf8'), /options ip_vs conn_tab_bits=18/);
  const found = await findings();
  assert.equal(found.get('module-ip_vs_sed')?.severity, 'ok');
  assert.equal(found.get('sysctl-net.ipv4.vs.conntrack')?.severity, 'ok');
});

test('system revert restores what was set and keeps ip_vs loaded', async () => {
  const reverted = await lbctl('system', 'revert');

  assert.equal(reverted.code, 0, reverted.stdout + reverted.stderr);
  assert.match(reverted.stdout, /Kernel modules stay loaded/);
  assert.equal(readFileSync('/proc/sys/net/ipv4/vs/conntrack', 'utf8').trim(), '0');
  assert.ok(!existsSync('/etc/modprobe.d/lbctl.conf'));
  assert.ok(existsSync('/sys/module/ip_vs'));
});

// lbctl as an operator uses it once, on a machine of three hosts: apply, look, change in place, disable. Real XDP.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Host, Lab } from '../../lab/netns.ts';
import { type ExecResult, exec } from '../../lab/process.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-apply-'));
const bpfDir = `/sys/fs/bpf/lbctl-apply-${process.pid}`;
const config = join(folder, 'config.yaml');
let lab: Lab;
let client: Host;
let balancer: Host;

before(async () => {
  lab = Lab.create('apply');
  const network = lab.host('switch');
  const hosts = ['client', 'lb', 'web1', 'web2'].map((name) => lab.host(name));
  [client, balancer] = [hosts[0]!, hosts[1]!];
  lab.bridge(
    network,
    'sw0',
    hosts.map((host, i) => ({ host, device: 'eth0', addresses: [`192.0.2.${i + 1}/24`] })),
  );
  hosts.forEach((host, i) => {
    host.run('ethtool', '-K', 'eth0', 'tx', 'off');
    network.run('ethtool', '-K', `sw0p${i}`, 'gro', 'on');
  });
  // As `lbctl system apply` sets it: without a daemon that follows neighbours, the program asks the kernel's routing.
  balancer.sysctl('net.ipv4.ip_forward', 1);
  for (const [i, name] of ['web1', 'web2'].entries()) {
    const script = join(ROOT, 'lab/demo/web-server.ts');
    const server = hosts[i + 2]!.spawn([process.execPath, script, name, '80'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.stdout!, 'data');
  }
});
after(async () => {
  await lab.close();
  rmSync(bpfDir, { recursive: true, force: true });
  rmSync(folder, { recursive: true });
});

function write(weights: readonly [number, number]): void {
  writeFileSync(
    config,
    `
node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
mode: onearm
vips: [{ name: www, address: 192.0.2.10/24 }]
system: { state_dir: ${join(folder, 'state')}, run_dir: ${join(folder, 'run')} }
api: { socket: ${join(folder, 'api.sock')} }
listeners:
  - name: web
    vip: www
    port: 80
    scheduler: wrr
    engine: xdp
    members:
      - { name: web1, address: 192.0.2.3, port: 80, weight: ${weights[0]} }
      - { name: web2, address: 192.0.2.4, port: 80, weight: ${weights[1]} }
`,
  );
}

/** nsenter keeps /sys, and with it the pins, as a process of the machine itself would see them. */
function lbctl(...args: readonly string[]): Promise<ExecResult> {
  const argv = [
    'nsenter',
    `--net=/run/netns/${balancer.namespace}`,
    join(ROOT, 'lbctl'),
    '-c',
    config,
    ...args,
  ];
  return exec(argv, { env: { LBCTL_BPF_DIR: bpfDir, NO_COLOR: '1' } });
}

/** How often each server answered. */
async function ask(count: number): Promise<Record<string, number>> {
  const script = `
    const seen = {};
    for (let i = 0; i < ${count}; i++) {
      const name = await fetch('http://192.0.2.10/', { signal: AbortSignal.timeout(2000) }).then((r) => r.text(), () => 'failed');
      seen[name] = (seen[name] ?? 0) + 1;
    }
    console.log(JSON.stringify(seen));
  `;
  return JSON.parse(await client.must([process.execPath, '--input-type=module', '-e', script]));
}

describe('lbctl apply and disable', () => {
  it('carries traffic after one apply, with no process of ours left', async () => {
    write([1, 1]);
    const applied = await lbctl('apply');
    assert.equal(applied.code, 0, applied.stdout + applied.stderr);

    const seen = await ask(40);

    assert.equal(seen.failed, undefined, JSON.stringify(seen));
    assert.ok(Math.min(seen.web1 ?? 0, seen.web2 ?? 0) >= 15, JSON.stringify(seen));
  });

  it('finds nothing to do the second time', async () => {
    const planned = await lbctl('plan', '--detailed-exitcode');

    assert.equal(planned.code, 0, planned.stdout + planned.stderr);
    assert.match(planned.stdout, /No changes/);
  });

  it('changes a weight in place', async () => {
    write([1, 0]);
    const planned = await lbctl('plan', '--detailed-exitcode');
    assert.equal(planned.code, 3);
    assert.match(planned.stdout, /weight/);

    const applied = await lbctl('apply');
    assert.equal(applied.code, 0, applied.stdout + applied.stderr);

    assert.deepEqual(await ask(20), { web1: 20 });
  });

  it('shows what the machine holds where no daemon runs', async () => {
    const status = await lbctl('status');

    assert.equal(status.code, 6);
    assert.match(status.stdout, /192\.0\.2\.10/);
    assert.match(status.stderr, /no daemon runs/);
  });

  it('takes everything of ours away again, and nothing else', async () => {
    const dry = await lbctl('disable', '--dry-run');
    assert.equal(dry.code, 0, dry.stdout + dry.stderr);
    assert.deepEqual(await ask(3), { web1: 3 });

    const disabled = await lbctl('disable');

    assert.equal(disabled.code, 0, disabled.stdout + disabled.stderr);
    assert.doesNotMatch(balancer.ip('address', 'show', 'eth0'), /192\.0\.2\.10/);
    assert.match(balancer.ip('address', 'show', 'eth0'), /192\.0\.2\.2\//);
    const again = JSON.parse((await lbctl('disable', '--dry-run', '-o', 'json')).stdout);
    assert.deepEqual(again.plan.steps, []);
  });
});

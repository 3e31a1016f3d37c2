// lbctl as an operator uses it once, on a machine of four hosts on one switch: apply, look, change in place, disable. Real
// XDP, real HTTP, no daemon: what carries traffic must need no process of ours.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import { type ExecResult, exec, start, stop } from '../../lab/process.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = '192.0.2.1';
const BALANCER = '192.0.2.2';
const VIP = '192.0.2.10';
const folder = mkdtempSync(join(tmpdir(), 'lbctl-apply-'));
const bpfDir = `/sys/fs/bpf/lbctl-apply-${process.pid}`;
const config = join(folder, 'config.yaml');
let lab: Lab;
let client: Host;
let balancer: Host;
let servers: readonly Host[];

before(async () => {
  lab = Lab.create('apply');
  const network = lab.host('switch');
  const hosts = ['client', 'lb', 'web1', 'web2'].map((name) => lab.host(name));
  [client, balancer] = [hosts[0]!, hosts[1]!];
  servers = hosts.slice(2);
  lab.bridge(
    network,
    'sw0',
    hosts.map((host, i) => ({ host, device: 'eth0', addresses: [`192.0.2.${i + 1}/24`] })),
  );
  hosts.forEach((host, i) => {
    host.run('ethtool', '-K', 'eth0', 'tx', 'off');
    network.run('ethtool', '-K', `sw0p${i}`, 'gro', 'on');
  });
  for (const [i, host] of servers.entries()) {
    const script = `import { serveWeb } from '${ROOT}/lab/programs/web-server.ts'; serveWeb('web${i + 1}', 80);`;
    const server = host.spawn([process.execPath, '--input-type=module', '-e', script], {
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

/** What a real server needs in each mode (docs/guide/real-servers.md), and how to take it away again. */
const PREPARE = {
  onearm: { up: () => undefined, down: () => undefined },
  // Replies to a client of the same network would go to it directly.
  nat: {
    up: (host: Host) => host.route(`${CLIENT}/32`, 'via', BALANCER),
    down: (host: Host) => host.ip('route', 'del', `${CLIENT}/32`),
  },
  dr: {
    up: (host: Host) => {
      host.sysctl('net.ipv4.conf.all.arp_ignore', 1);
      host.sysctl('net.ipv4.conf.all.arp_announce', 2);
      host.ip('address', 'add', `${VIP}/32`, 'dev', 'lo');
    },
    down: (host: Host) => host.ip('address', 'del', `${VIP}/32`, 'dev', 'lo'),
  },
} as const;
type Mode = keyof typeof PREPARE;

function write(mode: Mode, weights: readonly [number, number], engine: 'xdp' | 'memory' = 'xdp'): void {
  writeFileSync(
    config,
    `
node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
mode: ${mode}
vips: [{ name: www, address: ${VIP}/24 }]
system: { state_dir: ${join(folder, 'state')}, run_dir: ${join(folder, 'run')} }
api: { socket: ${join(folder, 'api.sock')} }
listeners:
  - name: web
    vip: www
    port: 80
    scheduler: wrr
    engine: ${engine}
    members:
      - { name: web1, address: 192.0.2.3, port: 80, weight: ${weights[0]} }
      - { name: web2, address: 192.0.2.4, port: 80, weight: ${weights[1]} }
`,
  );
}

/** nsenter keeps /sys, and with it the pins, as a process of the machine itself would see them. */
function lbctlArgv(...args: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${balancer.namespace}`, join(ROOT, 'lbctl'), '-c', config, ...args];
}

const ENV = { ...process.env, LBCTL_BPF_DIR: bpfDir, NO_COLOR: '1' };

function lbctl(...args: readonly string[]): Promise<ExecResult> {
  return exec(lbctlArgv(...args), { env: ENV });
}

/** How often each server answered; ends after the first few failures, which are slow. */
async function ask(count: number): Promise<Record<string, number>> {
  const script = `
    const seen = {};
    for (let i = 0; i < ${count} && (seen.failed ?? 0) < 3; i++) {
      const name = await fetch('http://${VIP}/', { signal: AbortSignal.timeout(2000) }).then((r) => r.text(), () => 'failed');
      seen[name] = (seen[name] ?? 0) + 1;
    }
    console.log(JSON.stringify(seen));
  `;
  return JSON.parse(await client.must([process.execPath, '--input-type=module', '-e', script]));
}

for (const mode of ['onearm', 'nat', 'dr'] as const)
  describe(`lbctl apply and disable, mode ${mode}`, () => {
    before(() => servers.forEach(PREPARE[mode].up));
    after(() => servers.forEach(PREPARE[mode].down));

    it('carries traffic after one apply, with no process of ours left', async () => {
      write(mode, [1, 1]);
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
      write(mode, [1, 0]);
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

    it('counts what the machine carried where no daemon runs', async () => {
      const stats = await lbctl('show', 'stats', '-o', 'json');

      assert.equal(stats.code, 0, stats.stderr);
      const { xdp } = JSON.parse(stats.stdout).drivers as { xdp: { key: string; connections: string }[] };
      const listener = xdp.find((row) => row.key === `tcp/${VIP}:80`);
      assert.ok(Number(listener?.connections) >= 60, stats.stdout);
      assert.match(stats.stderr, /no daemon runs/);

      const views = ['connections', 'rates', 'members'];
      const shown = await Promise.all(views.map((view) => lbctl('show', view)));
      for (const [index, { code, stdout, stderr }] of shown.entries()) {
        assert.equal(code, 0, stderr);
        assert.match(stdout, new RegExp(`tcp/${VIP.replaceAll('.', '[.]')}:80`), views[index]!);
      }
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
      assert.doesNotMatch(balancer.ip('link', 'show', 'eth0'), /prog\/xdp/);
      assert.deepEqual(readdirSync(bpfDir), []);
    });
  });

describe('lbctl daemon that learns of XDP by a reload', () => {
  let daemon: ChildProcess;

  before(() => {
    write('onearm', [1, 1], 'memory');
    daemon = start(lbctlArgv('daemon'), { env: ENV, stdio: ['ignore', 'ignore', 'inherit'] });
  });
  after(async () => {
    await stop(daemon);
    await lbctl('disable');
  });

  it('opens nothing while no listener needs it', async () => {
    await until(async () => (await lbctl('status')).code === 0);

    assert.doesNotMatch(balancer.ip('link', 'show', 'eth0'), /prog\/xdp/);
    assert.match((await lbctl('show', 'data-planes')).stdout, /no data plane tells of itself/);
  });

  it('serves a listener that a new configuration moves to it', async () => {
    write('onearm', [1, 1]);
    const reloaded = await lbctl('reload');
    assert.equal(reloaded.code, 0, reloaded.stdout + reloaded.stderr);

    const seen = await ask(20);

    assert.equal(seen.failed, undefined, JSON.stringify(seen));
    assert.ok((seen.web1 ?? 0) > 5 && (seen.web2 ?? 0) > 5, JSON.stringify(seen));
  });

  it('tells where it is attached, in status, table, data and metrics', async () => {
    const status = await lbctl('status');
    const table = await lbctl('show', 'data-planes');
    const data = JSON.parse((await lbctl('show', 'data-planes', '-o', 'json')).stdout) as {
      drivers: Record<string, { interfaces: unknown; reasons: { reason: string; packets: string }[] }>;
    };

    assert.match(status.stdout, /^xdp on eth0: native$/m);
    assert.match(table.stdout, /interface +eth0 +native/);
    assert.match(table.stdout, /packets +forwarded +\d+ +sent on to a member/);
    assert.deepEqual(data.drivers.xdp?.interfaces, [{ name: 'eth0', mode: 'native' }]);
    assert.ok(
      data.drivers.xdp.reasons.some(({ reason, packets }) => reason === 'replied' && Number(packets) > 50),
    );
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, 'not within 30 s');
    await sleep(200);
  }
}

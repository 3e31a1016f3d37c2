// `lbctl realserver` and `lbctl system` on real hosts: namespaces with files of their own.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import { privatePath, withPrivateFiles } from '../../lab/private-files.ts';
import type { ExecResult } from '../../lab/process.ts';

const LBCTL = resolve(import.meta.dirname, '../../lbctl');
const VIP = '192.0.2.10';
const lab = Lab.create('hostset');
const folder = mkdtempSync(join(tmpdir(), 'steelyard-hostset-'));
after(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Pair {
  readonly client: Host;
  readonly server: Host;
  readonly files: string;
  lbctl(...args: readonly string[]): Promise<ExecResult>;
}

/** A client that takes the VIP for a neighbour, and a server that already holds it on lo. */
function pair(name: string): Pair {
  const client = lab.host(`${name}-c`);
  const server = lab.host(`${name}-s`);
  const files = join(folder, name);
  lab.link(
    { host: client, device: 'eth0', addresses: ['10.60.0.1/24'] },
    { host: server, device: 'eth0', addresses: ['10.60.0.2/24'] },
  );
  client.route(VIP, 'dev', 'eth0');
  const lbctl = (...args: readonly string[]) => server.exec(withPrivateFiles(files, [LBCTL, ...args]));
  return { client, server, files, lbctl };
}

/** What the client's neighbour table says after it has asked for the VIP. */
async function askForVip({ client }: Pair): Promise<string> {
  client.ip('neighbour', 'flush', 'all');
  client.run('bash', '-c', `exec 3<>/dev/udp/${VIP}/9; echo x >&3`);
  for (let round = 0; round < 50; round++) {
    const line = client.ip('neighbour', 'show', VIP).trim();
    if (/lladdr|FAILED/.test(line)) return line;
    await wait(100);
  }
  return 'no verdict';
}

for (const arp of ['sysctl', 'nft'] as const)
  describe(`realserver with --arp ${arp}`, () => {
    const one = pair(arp);
    const wanted = ['--vip', VIP, '--arp', arp, '--persist', 'unit'];

    test('without it the server answers for a VIP on lo', async () => {
      one.server.address('lo', `${VIP}/32`);

      assert.match(await askForVip(one), /lladdr/);
    });

    test('plan changes nothing', async () => {
      const plan = await one.lbctl('realserver', 'plan', ...wanted, '--detailed-exitcode');

      assert.equal(plan.code, 3, plan.stderr);
      assert.match(await askForVip(one), /lladdr/);
    });

    test('apply silences it, writes what survives a reboot, and is then done', async () => {
      const applied = await one.lbctl('realserver', 'apply', ...wanted);
      const again = await one.lbctl('realserver', 'plan', ...wanted, '--detailed-exitcode', '-o', 'json');

      assert.equal(applied.code, 0, applied.stdout + applied.stderr);
      assert.equal(again.code, 0, again.stdout);
      assert.match(await askForVip(one), /FAILED/);
      const unit = readFileSync(
        privatePath(one.files, '/etc/systemd/system/lbctl-realserver.service'),
        'utf8',
      );
      assert.match(unit, /ExecStart=ip address replace 192\.0\.2\.10\/32 dev lo\n/);
    });

    test('the server never names the VIP as the sender of a question', async () => {
      one.client.ip('neighbour', 'flush', 'all');
      one.server.ip('neighbour', 'flush', 'all');
      const send = `const s = require("dgram").createSocket("udp4"); s.bind(0, "${VIP}", () => s.send("x", 9, "10.60.0.1", () => s.close()))`;
      await one.server.must([process.execPath, '-e', send]);
      await wait(300);

      assert.doesNotMatch(one.client.ip('neighbour', 'show', VIP), /lladdr/);
      assert.match(one.client.ip('neighbour', 'show', '10.60.0.2'), /lladdr/);
    });

    test('revert brings back what was there, the VIP that was there before included', async () => {
      const reverted = await one.lbctl('realserver', 'revert');

      assert.equal(reverted.code, 0, reverted.stdout + reverted.stderr);
      assert.match(await askForVip(one), /lladdr/);
      assert.match(one.server.ip('address', 'show', 'dev', 'lo'), /192\.0\.2\.10\/32/);
      assert.equal(one.server.run('nft', 'list', 'tables'), '');
      assert.ok(!existsSync(privatePath(one.files, '/etc/systemd/system/lbctl-realserver.service')));
    });
  });

test('realserver refuses a VIP that another interface holds', async () => {
  const one = pair('held');
  one.server.address('eth0', `${VIP}/32`);

  const refused = await one.lbctl('realserver', 'apply', '--vip', VIP);

  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /interface "eth0" holds it/);
  assert.match(refused.stderr, /ip address del 192\.0\.2\.10 dev eth0/);
});

describe('system', () => {
  const one = pair('sys');
  const config = join(folder, 'config.yaml');
  const settings = 'tuning_profile: minimal, sysctl: { net.ipv4.ip_forward: "1" }';
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
engine: haproxy
mode: proxy
system: { ${settings} }
listeners:
  - { name: web, vip: 192.0.2.20, port: 80, protocol: http, scheduler: rr, members: [{ address: 10.60.0.1 }] }
`,
  );
  const sysctl = (key: string) => one.server.run('sysctl', '-n', key).trim();

  test('apply sets what the profile and the operator ask, live and in a file', async () => {
    const applied = await one.lbctl('system', 'apply', '-c', config, '-o', 'json');

    assert.equal(applied.code, 0, applied.stdout + applied.stderr);
    assert.deepEqual(JSON.parse(applied.stdout).failed, []);
    assert.equal(sysctl('net.ipv4.ip_forward'), '1');
    assert.equal(sysctl('net.ipv4.conf.all.arp_ignore'), '1');
    const file = readFileSync(privatePath(one.files, '/etc/sysctl.d/90-lbctl.conf'), 'utf8');
    assert.match(file, /\nnet\.ipv4\.ip_forward = 1\n/);
  });

  test('apply twice and revert give the values of before the first', async () => {
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('net.ipv4.ip_forward: "1"', 'net.ipv4.ip_forward: "0"'),
    );
    await one.lbctl('system', 'apply', '-c', config);

    const reverted = await one.lbctl('system', 'revert');

    assert.equal(reverted.code, 0, reverted.stdout + reverted.stderr);
    assert.equal(sysctl('net.ipv4.ip_forward'), '0');
    assert.equal(sysctl('net.ipv4.conf.all.arp_ignore'), '0');
  });

  test('a setting that does not exist fails alone, with its cure', async () => {
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace(/sysctl: \{.*?\}/, 'sysctl: { net.ipv4.vs.nothing: "1" }'),
    );

    const applied = await one.lbctl('system', 'apply', '-c', config);

    assert.equal(applied.code, 1);
    assert.match(applied.stdout, /1 failed/);
    assert.match(applied.stdout, /hint: Load the module that brings this setting/);
    assert.equal(sysctl('net.ipv4.conf.all.arp_ignore'), '1');
  });
});

test('doctor tells of a machine that is not ready, as data', async () => {
  const one = pair('doc');
  const config = join(folder, 'doctor.yaml');
  writeFileSync(join(folder, 'archived.pem'), '', { mode: 0o600 });
  symlinkSync('archived.pem', join(folder, 'live.pem'));
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: eth7 } }
engine: ipvs
mode: dr
certificates: [{ name: a, certificate: ${join(folder, 'live.pem')} }]
listeners:
  - { name: web, vip: 192.0.2.20, port: 80, members: [{ address: 10.60.0.1 }] }
`,
  );
  chmodSync(config, 0o646);

  const said = await one.lbctl('doctor', '-c', config, '-o', 'json');

  assert.equal(said.code, 1, said.stderr);
  const { findings } = JSON.parse(said.stdout) as {
    findings: { check: string; severity: string; fix?: string }[];
  };
  const byCheck = (name: string) => findings.find((finding) => finding.check === name);
  assert.equal(byCheck('interface')?.severity, 'error');
  assert.equal(byCheck('sysctl-net.ipv4.ip_forward')?.severity, 'error');
  assert.equal(byCheck('config-file')?.severity, 'error');
  assert.equal(byCheck('file')?.severity, 'ok', 'a link is judged by what it leads to');
  assert.ok(
    findings.every((finding) => finding.severity === 'ok' || finding.severity === 'info' || finding.fix),
  );
});

test('doctor finds another machine that answers for a VIP of ours', async () => {
  const one = pair('dup');
  one.client.address('eth0', '192.0.2.20/32');
  const config = join(folder, 'duplicate.yaml');
  writeFileSync(
    config,
    `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
engine: haproxy
mode: proxy
listeners:
  - { name: web, vip: 192.0.2.20, port: 80, protocol: http, scheduler: rr, members: [{ address: 10.60.0.1 }] }
`,
  );

  const said = await one.lbctl('doctor', '-c', config, '-o', 'json');

  const { findings } = JSON.parse(said.stdout) as { findings: { check: string; evidence: string }[] };
  const [link] = JSON.parse(one.client.ip('-j', 'link', 'show', 'dev', 'eth0')) as [{ address: string }];
  const found = findings.find((finding) => finding.check === 'duplicate-vip');
  assert.equal(found?.evidence, `${link.address} answers on eth0`);
});

// The whole product on one network: `lbctl apply` on the balancer, `lbctl realserver apply` on every member, a client that asks.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { withPrivateFiles } from '../../../lab/private-files.ts';
import { exec } from '../../../lab/process.ts';
import { LBCTL } from '../harness/guest-paths.ts';
import { clearKernel } from './balancer.ts';
import { Topology, VIP4, VIP6 } from './topology.ts';

const WORK = '/tmp/steelyard-e2e';
const CONFIG = join(WORK, 'config.yaml');
/** A command takes some seconds in the guest; on a busy machine many times that. */
const COMMAND_LIMIT_MS = 300_000;
const EACH = { answers: { m1: 4, m2: 4, m3: 4 }, failures: [] };

let net: Topology;

before(async () => {
  // Upper layers of an overlay may not stand on an overlay themselves, which all of the guest's files do.
  mkdirSync(WORK, { recursive: true });
  await exec(['mount', '-t', 'tmpfs', 'e2e', WORK]);
  clearKernel();
  net = await Topology.create('e2e');
});
after(async () => {
  clearKernel();
  await net.close();
});

function configure(mode: string): void {
  const members = (family: 4 | 6) =>
    net.members.map(
      ({ address4, address6 }) => `{ address: "${family === 4 ? address4 : address6}", port: 80 }`,
    );
  writeFileSync(
    CONFIG,
    `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: lb0 } }
engine: ipvs
mode: ${mode}
listeners:
  - { name: four, vip: ${VIP4}, port: 80, scheduler: rr, members: [${members(4).join(', ')}] }
  - { name: six, vip: "${VIP6}", port: 80, scheduler: rr, members: [${members(6).join(', ')}] }
`,
  );
}

async function apply(): Promise<void> {
  const { code, stdout, stderr } = await exec([LBCTL, 'apply', '-c', CONFIG, '--force'], {
    timeoutMs: COMMAND_LIMIT_MS,
  });
  assert.equal(code, 0, stdout + stderr);
}

test('real servers are prepared and balanced to without anything set by hand, by IPv4 and IPv6', async () => {
  const prepare = ['realserver', 'apply', '--vip', `${VIP4},${VIP6}`, '--persist', 'none'];
  for (const { host, name } of net.members) {
    const argv = withPrivateFiles(join(WORK, name), [LBCTL, ...prepare]);
    const { code, stdout, stderr } = await host.exec(argv, { timeoutMs: COMMAND_LIMIT_MS });
    assert.equal(code, 0, stdout + stderr);
  }
  configure('dr');

  await apply();

  assert.deepEqual(await net.ask({ address: VIP4, port: 80 }), EACH);
  assert.deepEqual(await net.ask({ address: VIP6, port: 80 }), EACH);
});

test('a second apply finds nothing to do, and disable by an empty file takes away all that is ours', async () => {
  const plan = await exec([LBCTL, 'plan', '-c', CONFIG, '--detailed-exitcode'], {
    timeoutMs: COMMAND_LIMIT_MS,
  });
  assert.equal(plan.code, 0, plan.stdout + plan.stderr);

  writeFileSync(
    CONFIG,
    'version: 1\nnode: { name: lb, role: single }\nnetwork: { frontend: { interface: lb0 } }\n',
  );
  await apply();

  assert.equal(net.lab.root.run('ipvsadm', '-S', '-n'), '');
  assert.doesNotMatch(net.lab.root.ip('address', 'show', 'dev', 'lb0'), /10\.2\.0\.100|2001:db8:2::100/);
});

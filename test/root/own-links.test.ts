// A machine with two links into one network: it answers on both for all of its addresses, and is no rival of itself.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HaNode } from '../../lab/ha-node.ts';
import { Lab } from '../../lab/netns.ts';
import { until } from '../../lab/until.ts';

const VIP = '192.0.2.10';
const CONFIG = `
node: { name: lb-a, role: primary }
network: { frontend: { interface: eth0 } }
vips: [{ name: www, address: ${VIP}/32, group: alone }]
listeners: [{ name: web, vip: www, port: 80, members: [{ address: 192.0.2.21 }] }]
ha: { groups: [{ name: alone, choose: static, initial_role: active }] }
`;

const lab = Lab.create('ownlinks');
const dir = mkdtempSync(join(tmpdir(), 'ownlinks-'));
after(async () => {
  await lab.close();
  rmSync(dir, { recursive: true });
});

test('what answers for our address on another link of ours is told as no split brain, and a stranger is', async () => {
  const [host, network, stranger] = [lab.host('a'), lab.host('switch'), lab.host('stranger')];
  lab.bridge(network, 'sw0', [
    { host, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host, device: 'eth1', addresses: ['192.0.2.2/24'] },
    { host: stranger, device: 'eth0', addresses: ['192.0.2.3/24'] },
  ]);
  const own = host.ip('-o', 'link', 'show', 'eth1').match(/ether (\S+)/)?.[1];
  const node = new HaNode(host, dir);
  await node.start(CONFIG);
  await node.roleIs('active');

  stranger.address('eth0', `${VIP}/32`);
  const troubles = async (): Promise<string> => (await node.status()).troubles.join();
  await until('the stranger to be told of', async () => (await troubles()).includes('split brain'), 20_000);
  assert.ok(!(await troubles()).includes(own!), await troubles());

  stranger.ip('address', 'del', `${VIP}/32`, 'dev', 'eth0');
  await until('nobody to be told of', async () => (await troubles()) === '', 20_000);
  await node.end('kill');
});

// Members behind routers: when the route to one changes, packets follow it at once, and no longer go where it led.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DaemonNode } from '../../lab/daemon-node.ts';
import { until } from '../../lab/until.ts';
import type { DataPlanes } from '../../src/cli/live-tables.ts';
import { ADDRESS, Site } from '../xdp/site.ts';

const PORT = 8080;
/** Behind both members' hosts: who answers tells which way the packet went. */
const FAR = '10.9.0.5';
const VIP = ADDRESS.vip[4];
/** The tick finds it within seconds too: here it must be heard. */
const CONFIG = `
network: { frontend: { interface: front } }
daemon: { reconcile_interval: 1h }
data_plane: { xdp: { interfaces: [front, back1, back2] } }
vips: [{ name: www, address: ${VIP}, manage: false }]
listeners:
  - name: web
    vip: www
    port: ${PORT}
    protocol: udp
    engine: xdp
    mode: nat
    members: [{ address: ${FAR}, port: ${PORT} }]
    health: { type: fixed, state: up }
`;

const site = new Site('xdpgw');
const { balancer } = site;
const node = new DaemonNode(site.lab, balancer, mkdtempSync(join(tmpdir(), 'lbctl-xdpgw-')));

before(async () => {
  for (const member of site.members) member.ip('address', 'add', `${FAR}/32`, 'dev', 'lo');
  await site.serve(PORT);
  balancer.ip('route', 'add', FAR, 'via', ADDRESS.m1[4]);
  await node.start(CONFIG);
  await until('the first one to answer', async () => (await answers()) === 'm1');
});
after(async () => {
  await node.kill();
  await site.close();
  node.removeFiles();
});

async function answers(): Promise<string> {
  const { names } = await site.ask('udp', VIP, PORT, 1);
  return Object.keys(names).join();
}

test('another gateway, of which the kernel knows nothing yet, takes over within moments', async () => {
  balancer.ip('route', 'replace', FAR, 'via', ADDRESS.m2[4]);
  await until('the other one to answer', async () => (await answers()) === 'm2', 2000);
});

test('where no route leads any more nothing is sent, and what comes back is followed', async () => {
  balancer.ip('route', 'del', FAR);
  balancer.ip('route', 'add', 'unreachable', FAR);
  await until('nobody to answer', async () => (await answers()) === '', 10_000);
  const { drivers } = await node.client.get<DataPlanes>('/v1/data-planes');
  const unrouted = drivers.xdp?.reasons.find(({ reason }) => reason === 'drop_no_route');
  assert.ok(Number(unrouted?.packets) > 0, JSON.stringify(drivers));

  balancer.ip('route', 'del', 'unreachable', FAR);
  balancer.ip('route', 'add', FAR, 'via', ADDRESS.m1[4]);
  await until('the first one to answer again', async () => (await answers()) === 'm1', 10_000);
});

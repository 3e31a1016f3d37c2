// A daemon that starts before its interface is there, as with a bond or a VLAN that is made late at boot, serves once it is.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DaemonNode } from '../../lab/daemon-node.ts';
import { Lab } from '../../lab/netns.ts';

const CONFIG = `
network: { frontend: { interface: eth0 } }
daemon: { reconcile_interval: 1h }
listeners:
  - name: web
    vip: 192.0.2.10
    port: 80
    engine: xdp
    members: [{ address: 192.0.2.2, port: 80 }]
`;

const lab = Lab.create('xdplate');
const host = lab.host('node');
const peer = lab.host('peer');
const node = new DaemonNode(lab, host, mkdtempSync(join(tmpdir(), 'lbctl-xdplate-')));

after(async () => {
  await node.kill();
  await lab.close();
  node.removeFiles();
});

test('the XDP engine is opened when the interface it lacked appears', async () => {
  await node.start(CONFIG);

  lab.link(
    { host, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host: peer, device: 'eth0', addresses: ['192.0.2.2/24'] },
  );

  await node.log.next('listener placed', { listener: 'web', detail: 'xdp: named by the listener' });
  assert.match(host.ip('link', 'show', 'eth0'), /prog\/xdp/);
});

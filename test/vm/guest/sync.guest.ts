// The kernel's own connection sync, by role: the active node sends, the standby listens, and knows the connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Host, Lab } from '../../../lab/netns.ts';
import { until } from '../../../lab/until.ts';
import { applyDaemons, wantedDaemons } from '../../../src/ha/sync/ipvs-sync.ts';
import { IpvsKernel } from '../../../src/kernel/netlink/ipvs-kernel.ts';
import { syncOn } from './sync-settings.ts';

const VIP = '10.3.0.100';
const PORT = 9191;
const ROUNDS = 40;
const STANDBY = join(import.meta.dirname, 'hosts/sync-daemon.ts');
const ECHO = `
import socket, threading
s = socket.create_server(('', ${PORT}))
print('ready', flush=True)
def serve(c):
    while (d := c.recv(99)): c.sendall(d)
while True: threading.Thread(target=serve, args=(s.accept()[0],)).start()
`;
const TALK = `
import socket, time
try:
    c = socket.create_connection(('${VIP}', ${PORT}), timeout=90)
    for i in range(8):
        c.sendall(b'x'); c.recv(1); time.sleep(.1)
    print('talked', flush=True)
except OSError as error:
    print(error, flush=True)
time.sleep(60)
`;

let lab: Lab;
let standby: Host;
let client: Host;
const kernel = new IpvsKernel();

before(async () => {
  lab = Lab.create('sync');
  const hub = lab.host('switch');
  [client, standby] = [lab.host('client'), lab.host('standby')];
  const member = lab.host('member');
  lab.bridge(hub, 'br0', [
    { host: client, device: 'eth0', addresses: ['10.3.0.2/24'] },
    { host: member, device: 'eth0', addresses: ['10.3.0.11/24'] },
    { host: standby, device: 'eth0', addresses: ['10.3.0.4/24'] },
    { host: lab.root, device: 'lb1', addresses: ['10.3.0.3/24', `${VIP}/32`] },
  ]);
  member.route('10.3.0.2/32', 'via', '10.3.0.3');
  for (const one of [lab.root, standby]) {
    one.sysctl('net.ipv4.ip_forward', 1);
    one.sysctl('net.ipv4.vs.sync_threshold', '1 2');
    one.run('ipvsadm', '-A', '-t', `${VIP}:${PORT}`, '-s', 'rr');
    one.run('ipvsadm', '-a', '-t', `${VIP}:${PORT}`, '-r', `10.3.0.11:${PORT}`, '-m');
  }
  const echo = member.spawn(['/usr/bin/python3', '-c', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(echo.stdout!, 'data');
});
after(async () => {
  applyDaemons(kernel, []);
  lab.root.run('ipvsadm', '-C');
  await lab.close();
});

const daemons = () =>
  kernel.daemons().map(({ role, syncId, interface: device }) => `${role} ${syncId} ${device}`);

test('applyDaemons() starts the one of the role, changes it with the role, and stops it', () => {
  const sync = syncOn('lb1');
  applyDaemons(kernel, wantedDaemons(sync, ['standby']));
  assert.deepEqual(daemons(), ['backup 51 lb1']);
  applyDaemons(kernel, wantedDaemons(sync, ['active']));
  assert.deepEqual(daemons(), ['master 51 lb1']);
  applyDaemons(kernel, wantedDaemons(sync, ['active', 'standby']));
  assert.deepEqual(daemons().sort(), ['backup 51 lb1', 'master 51 lb1']);
  applyDaemons(kernel, wantedDaemons({ ...sync, syncId: 52 }, ['active']));
  assert.deepEqual(daemons(), ['master 52 lb1']);
  applyDaemons(kernel, wantedDaemons(sync, []));
  assert.deepEqual(daemons(), []);
});

test('a daemon that is stopped before it ever ran is stopped, though the kernel says nothing to it', () => {
  const sync = syncOn('lb1');
  const started = performance.now();
  for (let i = 0; i < ROUNDS; i++) {
    applyDaemons(kernel, wantedDaemons(sync, ['active', 'standby']));
    applyDaemons(kernel, wantedDaemons(sync, []));
  }

  assert.deepEqual(daemons(), []);
  // One unanswered stop alone would take two seconds.
  assert.ok(performance.now() - started < ROUNDS * 1000, `${performance.now() - started} ms`);
});

test('stopping a daemon that does not run is refused by name', () => {
  assert.throws(() => kernel.stopDaemon('master'), /IPVS_CMD_DEL_DAEMON on "master".*ESRCH/);
});

test('a connection of the active node is known to the standby, with the same member', async () => {
  applyDaemons(kernel, wantedDaemons(syncOn('lb1'), ['active']));
  standby.run(process.execPath, '--disable-warning=ExperimentalWarning', STANDBY, 'standby');
  const talk = client.spawn(['/usr/bin/python3', '-c', TALK], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(talk.stdout!, 'data')) as [Buffer];
  assert.equal(said.toString(), 'talked\n');

  const rows = () =>
    standby
      .run('ipvsadm', '-L', '-n', '-c')
      .split('\n')
      .filter((line) => line.includes(`10.3.0.11:${PORT}`) && line.includes('10.3.0.2:'));
  await until('the connection on the standby', () => rows().length === 1, 60_000);
  assert.match(rows()[0] ?? '', /ESTABLISHED/);
});

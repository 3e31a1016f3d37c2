import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Lab } from './netns.ts';
import { execSync, mustSync, start, stop } from './process.ts';

const lab = Lab.create('labtest');
after(() => lab.close());

function namespaces(): string {
  return execSync(['ip', 'netns', 'list']).stdout;
}

test('link() joins two hosts so that they reach each other by IPv4 and IPv6', async () => {
  const a = lab.host('a');
  const b = lab.host('b');

  lab.link(
    { host: a, device: 'eth0', addresses: ['10.77.0.1/24', '2001:db8:77::1/64'] },
    { host: b, device: 'eth0', addresses: ['10.77.0.2/24', '2001:db8:77::2/64'] },
  );

  const listener =
    'require("net").createServer(s => s.end("hello")).listen(80, "::", () => console.log("up"))';
  const server = b.spawn([process.execPath, '-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout!, 'data');
  for (const address of ['10.77.0.2', '2001:db8:77::2']) {
    const read = `require("net").connect(80, "${address}").on("data", d => process.stdout.write(d))`;
    assert.equal(await a.must([process.execPath, '-e', read], { timeoutMs: 10_000 }), 'hello');
  }
});

test('bridge() is a switch between any number of hosts', () => {
  const hub = lab.host('hub');
  const hosts = ['c', 'd', 'e'].map((name) => lab.host(name));

  lab.bridge(
    hub,
    'br0',
    hosts.map((host, index) => ({ host, device: 'eth0', addresses: [`10.78.0.${index + 1}/24`] })),
  );

  const [c] = hosts;
  for (const last of [2, 3]) c!.run('bash', '-c', `exec 3<>/dev/udp/10.78.0.${last}/9; echo x >&3`);
  const neighbours = c!.ip('neighbour', 'show');
  assert.match(neighbours, /10\.78\.0\.2 dev eth0 lladdr/);
  assert.match(neighbours, /10\.78\.0\.3 dev eth0 lladdr/);
});

test('close() removes its namespaces and devices and ends what it started', async () => {
  const own = Lab.create('labtest');
  const host = own.host('gone');
  own.link(
    { host: own.root, device: `sylab${process.pid}`.slice(0, 15), addresses: ['10.79.0.1/30'] },
    { host, device: 'eth0' },
  );
  const child = host.spawn(['sleep', '60']);

  await own.close();

  assert.ok(!namespaces().includes(host.namespace!));
  assert.ok(!mustSync(['ip', 'link', 'show']).includes(`sylab${process.pid}`.slice(0, 15)));
  assert.notEqual(child.signalCode ?? child.exitCode, null);
});

test('create() sweeps what a dead process of the same prefix left, and nothing of the living', async () => {
  const dead = start(['true'], { stdio: 'ignore' });
  await once(dead, 'exit');
  const left = `sy-labtest-${dead.pid}-1-old`;
  mustSync(['ip', 'netns', 'add', left]);
  const holder = start(['ip', 'netns', 'exec', left, 'sleep', '60'], { stdio: 'ignore' });
  const living = lab.host('living');

  const next = Lab.create('labtest');

  const names = namespaces();
  assert.ok(!names.includes(left));
  assert.ok(names.includes(living.namespace!));
  await next.close();
  await stop(holder);
});

test('run() shows what a failing program said', () => {
  const host = lab.host('f');

  assert.throws(() => host.run('ip', 'link', 'show', 'nothing0'), /Device "nothing0" does not exist/);
});

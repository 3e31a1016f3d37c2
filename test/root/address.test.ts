// Addresses for real: two namespaces on one veth. One takes addresses, the other holds some and hears what is said.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Host, Lab } from '../../lab/netns.ts';

const AGENT = join(import.meta.dirname, 'address-agent.ts');
const lab = Lab.create('address');
let node: Host;
let peer: Host;

interface Report {
  readonly results: readonly { id: string; ok: boolean; code?: string; message?: string }[];
  readonly conflicts: readonly string[];
  readonly left: readonly string[];
  readonly tookMs: number;
}

before(() => {
  node = lab.host('node');
  peer = lab.host('peer');
  lab.link(
    { host: node, device: 'eth0', addresses: ['192.0.2.1/24'], mac: '02:00:00:00:00:01' },
    { host: peer, device: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'], mac: '02:00:00:00:00:02' },
  );
});
after(() => lab.close());

async function apply(...addresses: readonly string[]): Promise<Report> {
  return JSON.parse(await node.must([process.execPath, AGENT, 'apply', 'eth0', ...addresses])) as Report;
}

async function reachFromPeer(address: string): Promise<string> {
  return (await peer.must([process.execPath, AGENT, 'reach', address])).trim();
}

function heldBy(host: Host): string {
  return host.ip('-o', 'address', 'show', 'dev', 'eth0');
}

test('AddressDriver puts VIPs on the interface, and a second look finds them there and ours', async () => {
  const report = await apply('192.0.2.10/32', '192.0.2.11/24', '2001:db8::10/64');

  assert.deepEqual(report.left, []);
  assert.deepEqual(report.conflicts, []);
  assert.ok(
    report.results.every((result) => result.ok),
    JSON.stringify(report),
  );
  assert.match(heldBy(node), /192\.0\.2\.10\/32/);
  // The node's own /24 gives the subnet its route; ours must not add another.
  assert.match(heldBy(node), /192\.0\.2\.11\/24 .*noprefixroute/);
  // Nothing listens there: being refused says that the address answers.
  for (const address of ['192.0.2.10', '192.0.2.11', '2001:db8::10'])
    assert.equal(await reachFromPeer(address), 'ECONNREFUSED');
});

test('AddressDriver keeps the kernel from taking an IPv6 VIP for the source, and repairs what lets it', async () => {
  const source = () => node.ip('-6', 'route', 'get', '2001:db8::2');
  node.ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0', 'nodad');
  const before = heldBy(node);
  // Longest prefix in common with the other end: a preferred VIP would be chosen.
  await apply('2001:db8::3/128');
  const deprecated = source();
  // As a Steelyard before this one left it; `ip address change` would take our mark off it as well.
  await node.must([process.execPath, AGENT, 'prefer', 'eth0', '2001:db8::3']);
  const preferred = source();

  const report = await apply('2001:db8::3/128');

  assert.doesNotMatch(before, /2001:db8::3/);
  assert.match(deprecated, /src 2001:db8::1 /);
  assert.match(preferred, /src 2001:db8::3 /);
  assert.deepEqual(
    report.results.map((result) => result.id),
    ['address change-address 2001:db8::3/128 dev eth0'],
  );
  assert.deepEqual(report.left, []);
  assert.match(source(), /src 2001:db8::1 /);
  assert.match(heldBy(node), /2001:db8::3\/128 .*deprecated/);
  assert.equal(await reachFromPeer('2001:db8::3'), 'ECONNREFUSED');
});

test('AddressDriver takes only its own addresses away', async () => {
  node.ip('address', 'add', '192.0.2.77/32', 'dev', 'eth0');

  const report = await apply('192.0.2.10/32');

  const held = heldBy(node);
  assert.deepEqual(report.left, []);
  assert.match(held, /192\.0\.2\.1\/24/);
  assert.match(held, /192\.0\.2\.77\/32/);
  assert.match(held, /192\.0\.2\.10\/32/);
  assert.doesNotMatch(held, /192\.0\.2\.11\/24|2001:db8::10/);
});

test('AddressDriver reports an address that somebody else put there as a conflict', async () => {
  const report = await apply('192.0.2.10/32', '192.0.2.77/32');

  assert.deepEqual(report.conflicts, ['192.0.2.77/32 dev eth0']);
  assert.match(heldBy(node), /192\.0\.2\.77\/32/);
});

test('AddressDriver does not take an IPv4 address that another machine holds', async () => {
  peer.ip('address', 'add', '192.0.2.20/32', 'dev', 'eth0');

  const report = await apply('192.0.2.10/32', '192.0.2.20/32');

  const [failed] = report.results.filter((result) => !result.ok);
  assert.equal(failed?.code, 'ADDRESS_DUPLICATE');
  assert.match(failed?.message ?? '', /02:00:00:00:00:02/);
  assert.doesNotMatch(heldBy(node), /192\.0\.2\.20/);
});

test('AddressDriver does not keep an IPv6 address that another machine holds', async () => {
  peer.ip('address', 'add', '2001:db8::20/64', 'dev', 'eth0', 'nodad');

  const report = await apply('192.0.2.10/32', '2001:db8::20/64');

  const [failed] = report.results.filter((result) => !result.ok);
  assert.equal(failed?.code, 'ADDRESS_DUPLICATE');
  assert.doesNotMatch(heldBy(node), /2001:db8::20/);
});

test('AddressDriver announces what it gains by ARP in both forms and by neighbour advertisement', async () => {
  const listener = peer.spawn([process.execPath, AGENT, 'listen', 'eth0', '20000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let heard = '';
  listener.stdout!.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  const until = async (pattern: RegExp) => {
    const end = performance.now() + 10_000;
    while (!pattern.test(heard) && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(heard, pattern);
  };
  await until(/ready/);

  await apply('192.0.2.10/32', '192.0.2.30/32', '2001:db8::30/64');

  // The last of what is said for each; who listens prints it some time later.
  await until(/(arp reply 192\.0\.2\.30 [\s\S]*){3}/);
  await until(/na 2001:db8::30 02:00:00:00:00:01/);
  const count = (pattern: RegExp) => heard.match(pattern)?.length ?? 0;
  assert.equal(count(/arp request 0\.0\.0\.0 02:00:00:00:00:01 for 192\.0\.2\.30/g), 2);
  assert.equal(count(/arp request 192\.0\.2\.30 02:00:00:00:00:01 for 192\.0\.2\.30/g), 3);
  assert.equal(count(/arp reply 192\.0\.2\.30 02:00:00:00:00:01 for 192\.0\.2\.30/g), 3);
  // What it held before is not announced again.
  assert.equal(count(/ 192\.0\.2\.10 /g), 0);
});

test('AddressDriver says which interface is missing', async () => {
  const text = await node.must([process.execPath, AGENT, 'apply', 'eth9', '192.0.2.40/32']);

  const [failed] = (JSON.parse(text) as Report).results.filter((result) => result.id.includes('192.0.2.40'));
  assert.equal(failed?.code, 'INTERFACE_MISSING');
  assert.match(failed?.message ?? '', /"eth9"/);
});

test('the node goes on from its own address when that went and came back, and keeps it when our VIPs go', async () => {
  const own = ['192.0.2.1/24', 'dev', 'eth0'];
  const vips = ['192.0.2.11/24', '192.0.2.12/24', '192.0.2.13/24'];
  const subnet = () => node.ip('-4', 'route', 'show', '192.0.2.0/24');
  for (const promoting of ['0', '1']) {
    node.sysctls({ 'net.ipv4.conf.eth0.promote_secondaries': promoting });
    await apply(...vips);
    node.ip('address', 'del', ...own);
    assert.deepEqual((await apply(...vips)).left, []);
    assert.match(subnet(), /src 192\.0\.2\.1[123]/, 'without one of its own the VIPs are all there is');
    node.ip('address', 'add', ...own);

    assert.deepEqual((await apply(...vips)).left, []);
    assert.match(subnet(), /src 192\.0\.2\.1 /);
    assert.equal(subnet().trim().split('\n').length, 1);
    assert.equal(await reachFromPeer('192.0.2.12'), 'ECONNREFUSED');

    node.ip('address', 'del', ...own);
    await apply(...vips);
    node.sysctls({ 'net.ipv4.conf.eth0.promote_secondaries': '0' });
    node.ip('address', 'add', ...own);
    await apply();
    assert.match(heldBy(node), /192\.0\.2\.1\/24/);
    assert.doesNotMatch(heldBy(node), /192\.0\.2\.1[0-9]\//);
    assert.match(subnet(), /src 192\.0\.2\.1 /);
  }
});

// Probes that leave by a device, with a mark, from an address, and to a VIP at the member: on real links, with real servers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import type { CheckResult } from '../../src/health/judge.ts';
import type { HealthCheck } from '../../src/model/health-check.ts';
import { TCP_CHECK } from '../fixtures/build-intent.ts';

const AGENT = join(import.meta.dirname, 'health-agent.ts');
/** Answers with who asked and which address was asked, over TCP on 80 and 81 and UDP on 90; HTTP on 80 in form only. */
const SERVER = `
const net = require('node:net'), dgram = require('node:dgram');
const told = (socket) => process.argv[1] + ' ' + socket.remoteAddress + ' at ' + socket.localAddress + '\\n';
let waiting = 3;
const ready = () => --waiting || console.log('ready');
net.createServer((s) => { s.on('error', () => {}); s.once('data', () => s.end('HTTP/1.0 200 OK\\r\\n\\r\\n' + told(s))); }).listen(80, '::', ready);
net.createServer((s) => { s.on('error', () => {}); s.end(told(s)); }).listen(81, '::', ready);
const udp = dgram.createSocket('udp4').on('message', (_, from) => udp.send(process.argv[1] + ' ' + from.address, from.port, from.address));
udp.bind(90, ready);`;

const lab = Lab.create('ways');
let node: Host;
let left: Host;
let right: Host;

before(async () => {
  node = lab.host('node');
  left = lab.host('left');
  right = lab.host('right');
  const other = lab.host('other');
  // Two links on which the same address is somebody else.
  lab.link(
    { host: node, device: 'eth0', addresses: ['192.0.2.1/24', '192.0.2.11/24', '2001:db8::1/64'] },
    { host: left, device: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
  );
  lab.link(
    { host: node, device: 'eth1', addresses: ['192.0.2.21/32'] },
    { host: right, device: 'eth0', addresses: ['192.0.2.2/24'] },
  );
  right.route('192.0.2.21', 'dev', 'eth0');
  node.sysctls({ 'net.ipv4.conf.all.rp_filter': 0, 'net.ipv4.conf.eth1.rp_filter': 0 });
  node.ip('route', 'add', '192.0.2.2/32', 'dev', 'eth1', 'src', '192.0.2.21', 'metric', '500', 'table', '77');
  node.ip('route', 'add', '192.0.2.0/24', 'dev', 'eth1', 'src', '192.0.2.21', 'metric', '900');
  node.ip('rule', 'add', 'fwmark', '0x77', 'lookup', '77');
  for (const host of [left, right]) await serve(host, host === left ? 'left' : 'right');
  await serve(other, 'other');
});
after(() => lab.close());

async function serve(host: Host, name: string): Promise<void> {
  const child = host.spawn([process.execPath, '-e', SERVER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
}

async function ask(more: object, target = { address: '192.0.2.2', port: 81 }): Promise<CheckResult> {
  const check = { ...TCP_CHECK, timeoutMs: 1500, ...more };
  const said = await node.must([
    process.execPath,
    AGENT,
    'check',
    JSON.stringify(check),
    JSON.stringify(target),
  ]);
  return JSON.parse(said) as CheckResult;
}

/** The node hears of the carrier a moment later; until then its packets take the other link. */
async function leftIsBack(): Promise<void> {
  left.ip('link', 'set', 'eth0', 'up');
  left.ip('-6', 'address', 'replace', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
  for (let i = 0; i < 100 && !(await ask({ expect: '^left', timeoutMs: 300 })).ok; i++) await sleep(50);
}

test('checks over TCP, UDP and ICMP leave by the device they name', async () => {
  const tcp = (device: string, expect: string) => ask({ device, expect });
  const udp = (device: string, expect: string) =>
    ask(
      {
        type: 'udp',
        payload: '00',
        requireReply: true,
        minReplyBytes: 0,
        maxReplyBytes: 100,
        device,
        expect,
      },
      { address: '192.0.2.2', port: 90 },
    );

  assert.deepEqual(
    [
      await tcp('eth0', '^left'),
      await tcp('eth1', '^right'),
      await udp('eth0', '^left'),
      await udp('eth1', '^right'),
    ].map(({ ok, error }) => error ?? ok),
    [true, true, true, true],
  );
  const icmp = { type: 'icmp', payloadBytes: 56 };
  assert.equal((await ask({ ...icmp, device: 'eth1' })).ok, true);
  left.ip('link', 'set', 'eth0', 'down');
  try {
    assert.equal((await ask({ ...icmp, device: 'eth0', timeoutMs: 300 })).ok, false);
    assert.equal((await ask({ ...icmp, device: 'eth1' })).ok, true);
  } finally {
    await leftIsBack();
  }
});

test('checks that only connect leave by the device, with the mark and from the address they name, over both families', async () => {
  const six = { address: '2001:db8::2', port: 81 };
  const passes = async (more: object, target?: { address: string; port: number }) =>
    (await ask(more, target)).ok;
  assert.deepEqual(
    [
      await passes({}),
      await passes({ sourceAddress: '192.0.2.11' }),
      await passes({ sourceAddress: '2001:db8::1', device: 'eth0' }, six),
      await passes({}, six),
    ],
    [true, true, true, true],
  );
  assert.equal((await ask({}, { address: '2001:db8::2', port: 82 })).error, 'Connection refused');
  // Whoever answers now is on the other link.
  left.ip('link', 'set', 'eth0', 'down');
  try {
    assert.deepEqual(
      [
        await passes({ device: 'eth0', timeoutMs: 300 }),
        await passes({ device: 'eth1' }),
        await passes({ mark: 0x77 }),
        await passes({ timeoutMs: 300 }, six),
      ],
      [false, true, true, false],
    );
  } finally {
    await leftIsBack();
  }
});

test('checks carry the mark they name, so that rules of routing see them', async () => {
  assert.deepEqual((await ask({ expect: '^left' })).ok, true);
  assert.deepEqual((await ask({ mark: 0x77, expect: '^right .*192\\.0\\.2\\.21 ' })).ok, true);
});

test('checks come from the source address they name, with a device and a mark as well', async () => {
  assert.equal((await ask({ sourceAddress: '192.0.2.11', expect: '192\\.0\\.2\\.11 ' })).ok, true);
  const both = { sourceAddress: '192.0.2.11', device: 'eth0', mark: 5, expect: '192\\.0\\.2\\.11 ' };
  assert.equal((await ask(both)).ok, true);
});

test('a device that is not there fails the check, and the reason names it', async () => {
  const { ok, error } = await ask({ device: 'eth9' });

  assert.equal(ok, false);
  assert.match(error!, /eth9.*ENODEV|eth9.*No such device/);
});

test('via_vip asks the member for the VIP, which this node holds too', async () => {
  const check: HealthCheck = {
    ...TCP_CHECK,
    type: 'http',
    version: '1.1',
    requests: [
      {
        method: 'GET',
        path: '/',
        headers: {},
        codes: [{ from: 200, to: 200 }],
        body: 'at (::ffff:192.0.2.100|2001:db8::100)',
        bodyInvert: false,
      },
    ],
    intervalMs: 300,
    fastIntervalMs: 300,
    timeoutMs: 250,
    rise: 1,
    fall: 2,
    first: 'first',
    viaVip: true,
  };
  for (const host of [node, left]) {
    host.ip('address', 'add', '192.0.2.100/32', 'dev', 'lo');
    host.ip('address', 'add', '2001:db8::100/128', 'dev', 'lo');
  }
  const agent = node.spawn([process.execPath, AGENT, 'watch', JSON.stringify(check)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(agent.stdout!)[Symbol.asyncIterator]();
  const until = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) assert.fail('the agent ended');
      if (wanted.test(value)) return value;
    }
  };

  // The third member is nobody: what answers must be the member, not this node, which has the VIP as well.
  await until(/192\.0\.2\.2 up.*192\.0\.2\.3 down.*2001:db8::2 up/);
  // The member still answers at its own address: a probe there would call it up.
  left.ip('address', 'del', '192.0.2.100/32', 'dev', 'lo');
  await until(/192\.0\.2\.2 down.*2001:db8::2 up/);
  assert.equal((await ask({ expect: '^left' })).ok, true);
  left.ip('-6', 'address', 'del', '2001:db8::100/128', 'dev', 'lo');
  await until(/2001:db8::2 down/);
  left.ip('address', 'add', '192.0.2.100/32', 'dev', 'lo');
  await until(/192\.0\.2\.2 up/);

  agent.stdin!.end();
  await once(agent, 'exit');
  assert.equal(node.ip('rule', 'show', 'pref', '27746'), '');
  assert.doesNotMatch(node.run('nft', 'list', 'tables'), /lbctl_probe/);
});

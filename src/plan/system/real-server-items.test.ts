import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planHost } from './host-plan.ts';
import { EMPTY_STATE } from './host-state.ts';
import {
  choosePersistence,
  type RealServerFacts,
  type RealServerRequest,
  requirePossible,
} from './real-server.ts';
import { realServerItems } from './real-server-items.ts';

const REQUEST: RealServerRequest = {
  vips: ['192.0.2.10'],
  mode: 'dr',
  tunnel: 'ipip',
  tunnelPort: 6080,
  arp: 'sysctl',
  persist: 'auto',
};
const FACTS: RealServerFacts = {
  interfaces: [
    { name: 'lo', addresses: ['127.0.0.1/8', '::1/128'] },
    { name: 'eth0', addresses: ['10.0.0.11/24', 'fe80::1/64'] },
  ],
  systemd: true,
  networkd: false,
  ifupdown: false,
};

function keysOf(
  request: Partial<RealServerRequest>,
  facts: Partial<RealServerFacts> = {},
): readonly string[] {
  const { items } = realServerItems({ ...REQUEST, ...request }, { ...FACTS, ...facts });
  return planHost('realserver', items, new Map(), EMPTY_STATE).steps.map(({ item }) => item.key);
}

function contentOf(path: string, request: Partial<RealServerRequest>, facts: Partial<RealServerFacts> = {}) {
  const { items } = realServerItems({ ...REQUEST, ...request }, { ...FACTS, ...facts });
  return String(items.get(path)?.fields.content);
}

test('realServerItems() quiets ARP, writes what survives a reboot, then sets the VIP on lo', () => {
  assert.deepEqual(keysOf({}), [
    '/etc/sysctl.d/91-lbctl-realserver.conf',
    '/etc/systemd/system/lbctl-realserver.service',
    '/etc/systemd/system/multi-user.target.wants/lbctl-realserver.service',
    'net.ipv4.conf.all.arp_announce',
    'net.ipv4.conf.all.arp_ignore',
    'net.ipv4.conf.lo.arp_announce',
    'net.ipv4.conf.lo.arp_ignore',
    '192.0.2.10/32 dev lo',
  ]);
});

test('realServerItems() leaves ARP alone for IPv6 VIPs: the kernel answers only for addresses of the interface', () => {
  assert.deepEqual(keysOf({ vips: ['2001:db8::10'], persist: 'none' }), ['2001:db8::10/128 dev lo']);
});

test('realServerItems() makes an arp table with the address each interface speaks with', () => {
  const rules = contentOf('/etc/lbctl/arp-lbctl_realserver.nft', { arp: 'nft' });

  assert.match(rules, /arp operation request arp daddr ip @vips drop/);
  assert.match(rules, /oifname "eth0" arp saddr ip @vips arp saddr ip set 10\.0\.0\.11\n/);
  assert.ok(!rules.includes('oifname "lo"'));
  assert.match(contentOf('/etc/systemd/system/lbctl-realserver.service', { arp: 'nft' }), /ExecStart=nft -f/);
});

for (const { tunnel, vips, wanted } of [
  {
    tunnel: 'ipip',
    vips: ['192.0.2.10', '2001:db8::10'],
    wanted: ['ip6_tunnel', 'ipip', 'ip6tnl0', 'tunl0'],
  },
  { tunnel: 'gre', vips: ['192.0.2.10'], wanted: ['ip_gre', 'gre0'] },
  { tunnel: 'gue', vips: ['192.0.2.10'], wanted: ['fou', 'ipip', '6080', 'tunl0'] },
] as const)
  test(`realServerItems() receives ${tunnel}`, () => {
    const keys = keysOf({ mode: 'tunnel', tunnel, vips });

    assert.deepEqual(keys.slice(0, wanted.length), wanted);
    assert.ok(!keys.includes('net.ipv4.conf.ip6tnl0.rp_filter'));
  });

test('realServerItems() accepts replies of clients that strict reverse path filtering would drop', () => {
  assert.ok(keysOf({ mode: 'tunnel' }).includes('net.ipv4.conf.tunl0.rp_filter'));
});

for (const { name, facts, way } of [
  { name: 'networkd first', facts: { networkd: true, ifupdown: true }, way: 'networkd' },
  { name: 'a NetworkManager that knows loopback', facts: { networkManager: '1.42' }, way: 'networkmanager' },
  { name: 'not one that is too old', facts: { networkManager: '1.36' }, way: 'unit' },
  { name: 'ifupdown', facts: { ifupdown: true }, way: 'ifupdown' },
  { name: 'a unit of ours', facts: {}, way: 'unit' },
  { name: 'nothing without systemd', facts: { systemd: false }, way: 'none' },
] as const)
  test(`choosePersistence() takes ${name}`, () => {
    assert.equal(choosePersistence('auto', { ...FACTS, ...facts }).way, way);
  });

test('realServerItems() writes a loopback file for networkd and keeps tunnels in a unit', () => {
  const facts = { networkd: true };
  const path = '/etc/systemd/network/05-lbctl-lo.network';

  assert.match(contentOf(path, {}, facts), /\[Match\]\nName=lo\n\n\[Address\]\nAddress=192\.0\.2\.10\/32\n$/);
  assert.ok(!keysOf({}, facts).some((key) => key.endsWith('.service')));
  const unit = contentOf('/etc/systemd/system/lbctl-realserver.service', { mode: 'tunnel' }, facts);
  assert.match(unit, /ExecStart=ip link set dev tunl0 up/);
  assert.ok(!unit.includes('192.0.2.10'));
});

test('realServerItems() keeps the addresses of loopback in the connection of NetworkManager', () => {
  const { items } = realServerItems(
    { ...REQUEST, vips: ['192.0.2.10', '2001:db8::10'] },
    { ...FACTS, networkManager: '1.44' },
  );
  const file = items.get('/etc/NetworkManager/system-connections/lbctl-lo.nmconnection')!;

  assert.equal(file.fields.mode, '0600');
  assert.match(String(file.fields.content), /address1=127\.0\.0\.1\/8\naddress2=192\.0\.2\.10\/32\n/);
  assert.match(String(file.fields.content), /address1=::1\/128\naddress2=2001:db8::10\/128\n/);
});

test('realServerItems() takes an interfaces file down in the reverse order of up', () => {
  const text = contentOf(
    '/etc/network/interfaces.d/lbctl-realserver',
    { mode: 'tunnel' },
    { ifupdown: true },
  );

  assert.deepEqual(
    text
      .split('\n')
      .slice(3, 7)
      .map((line) => line.trim()),
    [
      'up ip link set dev tunl0 up || true',
      'up ip address replace 192.0.2.10/32 dev lo || true',
      'down ip address del 192.0.2.10/32 dev lo || true',
      'down ip link set dev tunl0 down || true',
    ],
  );
});

test('requirePossible() refuses a VIP that another interface holds, and says how to free it', () => {
  const interfaces = [{ name: 'eth0', addresses: ['192.0.2.10/24'] }];

  assert.throws(
    () => requirePossible(REQUEST, { ...FACTS, interfaces }),
    (error: { code?: string; hint?: string }) =>
      error.code === 'CONFLICT' && error.hint === 'Remove it there first: ip address del 192.0.2.10 dev eth0',
  );
});

test('requirePossible() refuses IPv6 in a gue tunnel', () => {
  const request = { ...REQUEST, vips: ['2001:db8::10'], mode: 'tunnel', tunnel: 'gue' } as const;

  assert.throws(() => requirePossible(request, FACTS), /gue tunnel as the kernel unwraps IPv4 only/);
});

for (const vip of ['224.0.0.1', '0.0.0.0', '127.0.0.1', 'fe80::1', '255.255.255.255'])
  test(`requirePossible() refuses ${vip}, which no client can ask for`, () => {
    assert.throws(
      () => requirePossible({ ...REQUEST, vips: [vip] }, FACTS),
      (error: { code?: string; message: string }) => error.code === 'USAGE' && error.message.includes(vip),
    );
  });

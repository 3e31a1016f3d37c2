import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFindings, diagnose } from './diagnose.ts';
import type { Evidence } from './evidence.ts';
import type { Severity } from './finding.ts';
import type { Need } from './need.ts';
import { renderFindings } from './render-findings.ts';

const NEED: Need = {
  engines: ['ipvs'],
  modes: ['dr'],
  interfaces: ['eth0'],
  vips: [{ address: '192.0.2.10', prefixLength: 32, interface: 'eth0', grouped: false }],
  settings: {
    modules: ['ip_vs', 'ip_vs_wrr'],
    moduleOptions: {},
    sysctls: { 'net.ipv4.ip_forward': '1', 'net.core.somaxconn': '4096' },
    notes: [],
  },
  secretFiles: [{ path: '/etc/lbctl/tls/a.key', what: 'key of certificate "a"' }],
  configFiles: ['/etc/lbctl/config.yaml'],
  haProvider: 'none',
  haproxyBinary: '/usr/sbin/haproxy',
  xdpInterfaces: [],
};

const KEY_FILE = { path: '/etc/lbctl/tls/a.key', mode: '0640', uid: 0 };

const HEALTHY: Evidence = {
  kernel: '6.1.0',
  capabilities: ['net_admin', 'net_raw'],
  modules: { ip_vs: 'loaded', ip_vs_wrr: 'loaded' },
  sysctls: { 'net.ipv4.ip_forward': '1', 'net.core.somaxconn': '4096', 'net.ipv4.conf.all.rp_filter': '0' },
  links: [
    { name: 'lo', up: true, mtu: 65536, addresses: ['127.0.0.1/8'] },
    { name: 'eth0', up: true, mtu: 1500, addresses: ['192.0.2.2/24', '192.0.2.10/32'] },
  ],
  conntrack: { count: 100, max: 1000 },
  ipvs: { tableSize: 4096, connections: 10 },
  otherHolders: [],
  clockSynchronized: true,
  files: [KEY_FILE, { path: '/etc/lbctl/config.yaml', mode: '0644', uid: 0 }],
  otherTools: [],
  programs: {},
};

interface Case {
  readonly name: string;
  readonly need?: Partial<Need>;
  readonly seen: Partial<Evidence>;
  readonly check: string;
  readonly severity: Severity;
  readonly evidence: RegExp;
  readonly fix: RegExp;
}

const GROUPED = [{ address: '192.0.2.10', prefixLength: 32, interface: 'eth0', grouped: true }];
const ABSENT = [{ name: 'eth0', up: true, mtu: 1500, addresses: [] }];

const CASES: readonly Case[] = [
  {
    name: 'privileges that miss',
    seen: { capabilities: ['net_raw'] },
    check: 'privileges',
    severity: 'error',
    evidence: /CAP_NET_ADMIN/,
    fix: /AmbientCapabilities=CAP_NET_ADMIN/,
  },
  {
    name: 'a module that is not loaded',
    seen: { modules: { ip_vs: 'available', ip_vs_wrr: 'loaded' } },
    check: 'module-ip_vs',
    severity: 'warning',
    evidence: /not loaded/,
    fix: /^modprobe ip_vs$/,
  },
  {
    name: 'a kernel without IPVS',
    seen: { modules: {} },
    check: 'module-ip_vs',
    severity: 'error',
    evidence: /kernel 6\.1\.0/,
    fix: /engine: xdp/,
  },
  {
    name: 'a scheduler the kernel lacks, without taking another module for it',
    seen: { modules: { ip_vs: 'loaded', ip_vs_wrr: 'missing' } },
    check: 'module-ip_vs_wrr',
    severity: 'error',
    evidence: /not part of kernel/,
    fix: /another scheduler than "wrr"/,
  },
  {
    name: 'forwarding that is off',
    seen: { sysctls: { ...HEALTHY.sysctls, 'net.ipv4.ip_forward': '0' } },
    check: 'sysctl-net.ipv4.ip_forward',
    severity: 'error',
    evidence: /= 0, wanted 1/,
    fix: /sysctl -w net\.ipv4\.ip_forward=1/,
  },
  {
    name: 'tuning below the profile',
    seen: { sysctls: { ...HEALTHY.sysctls, 'net.core.somaxconn': '128' } },
    check: 'sysctl-net.core.somaxconn',
    severity: 'warning',
    evidence: /= 128, wanted 4096/,
    fix: /lbctl system apply/,
  },
  {
    name: 'strict reverse path filtering, by the larger of both settings',
    seen: { sysctls: { ...HEALTHY.sysctls, 'net.ipv4.conf.all.rp_filter': '1' } },
    check: 'rp-filter',
    severity: 'warning',
    evidence: /effective rp_filter of eth0 is 1/,
    fix: /rp_filter=2/,
  },
  {
    name: 'an interface that does not exist',
    seen: { links: [{ name: 'ens3', up: true, mtu: 1500, addresses: [] }] },
    check: 'interface',
    severity: 'error',
    evidence: /interfaces here: ens3/,
    fix: /network\.frontend\.interface/,
  },
  {
    name: 'an interface that is down',
    seen: { links: [{ name: 'eth0', up: false, mtu: 1500, addresses: ['192.0.2.10/32'] }] },
    check: 'interface',
    severity: 'error',
    evidence: /down/,
    fix: /ip link set dev eth0 up/,
  },
  {
    name: 'a VIP that is absent on a single node',
    seen: { links: ABSENT },
    check: 'vip',
    severity: 'warning',
    evidence: /on no interface/,
    fix: /lbctl apply/,
  },
  {
    name: 'a VIP on another interface',
    seen: { links: [...ABSENT, { name: 'eth1', up: true, mtu: 1500, addresses: ['192.0.2.10/32'] }] },
    check: 'vip',
    severity: 'warning',
    evidence: /on eth1, wanted on eth0/,
    fix: /ip address del 192\.0\.2\.10\/32 dev eth1/,
  },
  {
    name: 'another machine that answers for a VIP we hold',
    seen: { otherHolders: [{ vip: '192.0.2.10', hardwareAddress: '02:00:00:00:00:09' }] },
    check: 'duplicate-vip',
    severity: 'error',
    evidence: /02:00:00:00:00:09 answers on eth0/,
    fix: /lbctl realserver apply/,
  },
  {
    name: 'ARP of a pair that answers for everything',
    need: { vips: GROUPED },
    seen: { links: ABSENT },
    check: 'arp',
    severity: 'warning',
    evidence: /arp_ignore = 0/,
    fix: /arp_ignore=1/,
  },
  {
    name: 'no room for tunnel headers',
    need: { modes: ['tunnel'] },
    seen: {},
    check: 'tunnel-mtu',
    severity: 'warning',
    evidence: /mtu 1500, clients send up to 1500/,
    fix: /mtu 1544/,
  },
  {
    name: 'connection tracking that fills up',
    seen: { conntrack: { count: 800, max: 1000 } },
    check: 'conntrack',
    severity: 'warning',
    evidence: /80 %/,
    fix: /nf_conntrack_max=2000/,
  },
  {
    name: 'connection tracking that is full',
    seen: { conntrack: { count: 999, max: 1000 } },
    check: 'conntrack',
    severity: 'error',
    evidence: /999 of 1000/,
    fix: /nf_conntrack_max=2000/,
  },
  {
    name: 'an IPVS table that is too small',
    seen: { ipvs: { tableSize: 4096, connections: 200_000 } },
    check: 'ipvs-table',
    severity: 'warning',
    evidence: /200000 connections in 4096 buckets/,
    fix: /conn_tab_bits=18/,
  },
  {
    name: 'a clock that runs free',
    seen: { clockSynchronized: false },
    check: 'clock',
    severity: 'warning',
    evidence: /STA_UNSYNC/,
    fix: /set-ntp true/,
  },
  {
    name: 'a key that all can read',
    seen: { files: [{ path: '/etc/lbctl/tls/a.key', mode: '0644', uid: 0 }] },
    check: 'file',
    severity: 'warning',
    evidence: /mode 0644/,
    fix: /chmod 0640/,
  },
  {
    name: 'a key that is not there',
    seen: { files: [{ path: '/etc/lbctl/tls/a.key' }] },
    check: 'file',
    severity: 'error',
    evidence: /no file/,
    fix: /Put it at/,
  },
  {
    name: 'somebody else who manages IPVS',
    seen: { otherTools: [{ name: 'kube-proxy', pid: 7 }] },
    check: 'other-tools',
    severity: 'warning',
    evidence: /kube-proxy runs as 7/,
    fix: /systemctl disable --now kube-proxy/,
  },
  {
    name: 'a configuration that others may write',
    seen: { files: [KEY_FILE, { path: '/etc/lbctl/config.yaml', mode: '0664', uid: 0 }] },
    check: 'config-file',
    severity: 'error',
    evidence: /config\.yaml has mode 0664/,
    fix: /chmod go-w \/etc\/lbctl\/config\.yaml/,
  },
  {
    name: 'a configuration of somebody else',
    seen: { files: [KEY_FILE, { path: '/etc/lbctl/config.yaml', mode: '0600', uid: 1000 }] },
    check: 'config-file',
    severity: 'warning',
    evidence: /belongs to user 1000/,
    fix: /chown root/,
  },
  {
    name: 'a program that misses',
    need: { engines: ['haproxy'] },
    seen: {},
    check: 'program',
    severity: 'error',
    evidence: /not found/,
    fix: /apt-get install haproxy/,
  },
];

for (const { name, need, seen, check, severity, evidence, fix } of CASES)
  test(`diagnose() finds ${name}`, () => {
    const findings = diagnose({ ...NEED, ...need }, { ...HEALTHY, ...seen });

    const found = findings.find((one) => one.check === check && one.severity !== 'ok');
    assert.equal(found?.severity, severity);
    assert.match(found.evidence, evidence);
    assert.match(found.fix ?? '', fix);
  });

test('diagnose() has nothing to say against a healthy machine', () => {
  const counts = countFindings(diagnose(NEED, HEALTHY));

  assert.deepEqual({ error: counts.error, warning: counts.warning }, { error: 0, warning: 0 });
  assert.ok(counts.ok >= 9);
});

test('diagnose() takes the absent VIP of a standby, and its holder, as they should be', () => {
  const findings = diagnose(
    { ...NEED, vips: GROUPED },
    { ...HEALTHY, links: ABSENT, otherHolders: [{ vip: '192.0.2.10', hardwareAddress: '02::9' }] },
  );

  assert.equal(findings.find((one) => one.check === 'vip')?.severity, 'info');
  assert.equal(
    findings.some((one) => one.check === 'duplicate-vip'),
    false,
  );
});

test('diagnose() takes keepalived for ours where it chooses the active node', () => {
  const seen = {
    ...HEALTHY,
    otherTools: [{ name: 'keepalived', pid: 5 }],
    programs: { keepalived: 'v2.2.7' },
  };

  const findings = diagnose({ ...NEED, haProvider: 'keepalived' }, seen);

  assert.equal(findings.find((one) => one.check === 'other-tools')?.severity, 'ok');
});

test('diagnose() puts the worst first', () => {
  const severities = diagnose(NEED, { ...HEALTHY, clockSynchronized: false, capabilities: [] }).map(
    (one) => one.severity,
  );

  assert.deepEqual(severities.slice(0, 3), ['error', 'warning', 'ok']);
});

test('renderFindings() gives evidence and cure under each other', () => {
  const text = renderFindings(
    [
      {
        check: 'x',
        severity: 'error',
        title: 'Forwarding is off',
        evidence: 'ip_forward = 0',
        fix: 'sysctl -w x=1',
      },
    ],
    false,
  );

  assert.equal(
    text,
    'FAIL  Forwarding is off: ip_forward = 0\n      fix: sysctl -w x=1\n\n1 failed, 0 to look at, 0 well\n',
  );
});

// toCanonical(): what LibraFlux files mean, where each part was written, and what is left alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCanonical } from './to-canonical.ts';

interface Case {
  readonly name: string;
  readonly role?: 'main' | 'included';
  readonly from: unknown;
  readonly to: unknown;
}

const MEMBER = { address: '10.0.0.1', weight: 1 };

const CASES: readonly Case[] = [
  {
    name: "the guide's main file",
    from: {
      mode: 'dr',
      network: {
        frontend: { interface: 'eth0', vip: '192.168.1.100', cidr: 24 },
        backend: { interface: 'eth1' },
      },
      vrrp: { vrid: 50, priority_primary: 150, priority_secondary: 100, advert_interval_ms: 1000 },
    },
    to: {
      mode: 'dr',
      network: { frontend: { interface: 'eth0' }, backend: { interface: 'eth1' } },
      vips: [{ name: 'frontend', address: '192.168.1.100/24', group: 'main' }],
      ha: {
        groups: [
          {
            name: 'main',
            choose: 'vrrp',
            vrid: 50,
            priority: { primary: 150, secondary: 100 },
            advert: '1s',
          },
        ],
      },
    },
  },
  {
    name: "the guide's service",
    role: 'included',
    from: {
      services: [
        {
          name: 'web',
          vip: '192.168.1.100',
          port: 80,
          backends: [{ ip: '192.168.1.10', port: 80, weight: 100 }],
          health_check: { type: 'tcp', interval_ms: 5000, timeout_ms: 2000, retries: 3 },
        },
      ],
    },
    to: {
      listeners: [
        {
          name: 'web',
          vip: '192.168.1.100',
          port: 80,
          members: [{ address: '192.168.1.10', port: 80, weight: 100 }],
          health: { type: 'tcp', interval: '5s', timeout: '2s', fall: 3 },
        },
      ],
    },
  },
  {
    name: "the code's service, on the frontend VIP",
    role: 'included',
    from: {
      services: [
        {
          name: 'web',
          protocol: 'tcp',
          ports: [80, 443],
          port_ranges: [
            { start: 8000, end: 8010 },
            { start: 9000, end: 9000 },
          ],
          backends: [{ address: '10.0.0.1', port: 0, weight: 1 }],
          health: {
            enabled: true,
            type: 'tcp',
            port: 8080,
            fail_after: 2,
            recover_after: 1,
            interval_ms: 500,
          },
        },
      ],
    },
    to: {
      listeners: [
        {
          name: 'web',
          vip: 'frontend',
          protocol: 'tcp',
          ports: [80, 443, '8000-8010', 9000],
          members: [MEMBER],
          health: { type: 'tcp', port: 8080, fall: 2, rise: 1, interval: '500ms' },
        },
      ],
    },
  },
  {
    name: 'a health check that is off',
    from: { services: [{ vip: 'a', backends: [MEMBER], health: { enabled: false, type: 'tcp' } }] },
    to: { listeners: [{ vip: 'a', members: [MEMBER] }] },
  },
  {
    name: 'port ranges alone, and beside one port',
    from: {
      services: [
        { vip: 'a', port_ranges: [{ start: 1, end: 2 }] },
        { vip: 'a', port: 80, port_ranges: [{ start: 1, end: 2 }] },
        { vip: 'a', port: 80, ports: [] },
      ],
    },
    to: {
      listeners: [
        { vip: 'a', ports: ['1-2'] },
        { vip: 'a', ports: [80, '1-2'] },
        { vip: 'a', port: 80 },
      ],
    },
  },
  {
    name: 'observability',
    from: {
      observability: {
        logging: {
          console: { enabled: true, level: 'info' },
          gelf: { enabled: true, host: 'h', port: 1, protocol: 'udp', facility: 'lbctl' },
        },
        metrics: {
          influxdb: { enabled: false, url: 'http://h' },
          prometheus: { enabled: true, port: 9090, path: '/metrics', bind: '' },
        },
      },
    },
    to: {
      logging: {
        level: 'info',
        console: true,
        gelf: { host: 'h', port: 1, protocol: 'udp', facility: 'lbctl' },
      },
      metrics: { prometheus: { enabled: true, port: 9090, path: '/metrics', bind: '::' } },
    },
  },
  {
    name: 'units in keys, but not in keys that people name',
    from: {
      system: { lock_idle_timeout_minutes: 10, sysctl: { 'net.example_ms': 5 } },
      daemon: { reconcile_interval_ms: 1000 },
      metrics: { influxdb: { push_interval_seconds: 90 } },
      pools: [{ name: 'p', health: { interval_ms: -5, timeout_ms: '5s' } }],
    },
    to: {
      system: { lock_idle: '10m', sysctl: { 'net.example_ms': 5 } },
      daemon: { reconcile_interval: '1s' },
      metrics: { influxdb: { push_interval: '1m30s' } },
      pools: [{ name: 'p', health: { interval: '-5ms', timeout: '5s' } }],
    },
  },
  {
    name: 'services beside listeners, and a mode in capitals',
    from: { mode: 'NAT', listeners: [{ name: 'a' }], services: [{ name: 'b', mark: 1 }] },
    to: { mode: 'nat', listeners: [{ name: 'a' }, { name: 'b', mark: 1 }] },
  },
  {
    name: 'wrong types, which the schema will name',
    from: { services: 5, vrrp: 'x', network: { frontend: { vip: ['x'] } }, observability: [1] },
    to: {
      listeners: 5,
      network: { frontend: {} },
      vips: [{ name: 'frontend', address: ['x'], group: 'main' }],
      vrrp: 'x',
      observability: [1],
    },
  },
];

for (const { name, role, from, to } of CASES) {
  test(`toCanonical() rewrites ${name}`, () => {
    const once = toCanonical(from, role ?? 'main');

    assert.deepEqual(once.value, to);
    assert.deepEqual(toCanonical(once.value, role ?? 'main').value, to);
    assert.deepEqual(once.warnings, []);
  });
}

test('toCanonical() hands a canonical value back as it is', () => {
  const value = { listeners: [{ name: 'web', vip: 'a', port: 80, members: [MEMBER] }] };

  assert.equal(toCanonical(value, 'main').value, value);
});

test('toCanonical() tells where every rewritten part was written', () => {
  const { origin } = toCanonical(
    {
      network: { frontend: { interface: 'eth0', vip: '192.0.2.1', cidr: 24 } },
      vrrp: { vrid: 1, priority_primary: 2 },
      listeners: [{ name: 'a' }],
      services: [{ name: 'b', backends: [{ ip: 'x' }], health_check: { retries: 3 } }],
    },
    'main',
  );

  assert.deepEqual(origin(['vips', 0, 'address']), ['network', 'frontend', 'vip']);
  assert.deepEqual(origin(['vips', 0, 'group']), ['vrrp']);
  assert.deepEqual(origin(['ha', 'groups', 0, 'priority', 'primary']), ['vrrp', 'priority_primary']);
  assert.deepEqual(origin(['listeners', 1, 'members', 0, 'address']), ['services', 0, 'backends', 0, 'ip']);
  assert.deepEqual(origin(['listeners', 1, 'health', 'fall']), ['services', 0, 'health_check', 'retries']);
  assert.deepEqual(origin(['listeners', 1, 'members', 0, 'port']), ['services', 0, 'backends', 0, 'port']);
  assert.deepEqual(origin(['listeners', 0, 'name']), ['listeners', 0, 'name']);
});

test('toCanonical() refuses to choose between two spellings of one setting', () => {
  const { value, warnings } = toCanonical(
    { listeners: [{ name: 'a', health: { interval: '1s', interval_ms: 2000 } }] },
    'main',
  );

  assert.deepEqual(value, { listeners: [{ name: 'a', health: { interval: '1s' } }] });
  assert.deepEqual(
    warnings.map(({ severity, rule, path }) => ({ severity, rule, path })),
    [{ severity: 'error', rule: 'legacy-conflict', path: ['listeners', 0, 'health', 'interval_ms'] }],
  );
});

test('toCanonical() says what has no effect any more', () => {
  const { value, warnings } = toCanonical(
    { daemon: { state_cache: { enabled: true, ttl_ms: 500 } } },
    'main',
  );

  assert.deepEqual(value, { daemon: {} });
  assert.deepEqual(
    warnings.map(({ severity, path }) => ({ severity, path })),
    [{ severity: 'warning', path: ['daemon', 'state_cache'] }],
  );
});

test('toCanonical() keeps __proto__ a plain key', () => {
  const value = JSON.parse('{"services": [], "__proto__": {"polluted": true}}') as unknown;

  const canonical = toCanonical(value, 'main').value as Record<string, unknown>;

  assert.deepEqual(Object.keys(canonical), ['listeners', '__proto__']);
  assert.equal((canonical as { polluted?: boolean }).polluted, undefined);
});

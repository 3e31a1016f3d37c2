import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildGroup,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
  withPool,
} from '../../test/fixtures/build-intent.ts';
import type { Facts } from '../model/facts.ts';
import type { Listener } from '../model/listener.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import { ALL_ENGINES, assumedFacts } from './assumed-facts.ts';
import { renderWorld } from './render-items.ts';
import { createResolver, resolve } from './resolve.ts';

const VIPS = [buildVip('v4', '192.0.2.10'), buildVip('v6', '2001:db8::10')];
const POOL = buildPool('web', [
  buildMember('10.0.0.1'),
  buildMember('2001:db8:1::1'),
  buildMember('10.0.0.2', { port: 8080 }),
]);

function without(...names: readonly ConcreteEngine[]): Facts['engines'] {
  const gone = names.map((name) => [name, { available: false, why: `no ${name} here` }] as const);
  return { ...ALL_ENGINES, ...Object.fromEntries(gone) };
}

function place(listener: Partial<Listener>, engines = ALL_ENGINES, dataPlane = {}): string {
  const intent = buildIntent({
    vips: VIPS,
    listeners: [buildListener('web', 'v4', 80, { engine: 'auto', ...listener })],
    pools: [POOL],
    dataPlane,
  });
  const world = resolve(intent, assumedFacts(intent, 0, engines));
  const [placed] = world.listeners;
  return placed === undefined
    ? `${world.unplaced[0]!.reason}: ${world.unplaced[0]!.detail}`
    : `${placed.engine} ${placed.mode} (${placed.engineReason})`;
}

test('resolve() gives onearm a source that moves with the group where connections are told to a peer', () => {
  const sync = { enabled: true, peers: ['10.0.0.3:7891'] };
  const inner = buildVip('inner', '10.0.0.9', { interface: 'eth1', group: 'g' });
  const outer = buildVip('www', '192.0.2.10', { group: 'g' });
  const cases = [
    { name: 'no peer', network: {}, sync: { enabled: true, peers: [] }, sources: [] },
    { name: 'one network', network: {}, sync, sources: ['192.0.2.10'] },
    {
      name: 'a network of members with a VIP',
      network: { backendInterface: 'eth1' },
      sync,
      sources: ['10.0.0.9'],
    },
    { name: 'one without', network: { backendInterface: 'eth2' }, sync, sources: [] },
    { name: 'all nodes active', network: {}, sync, chooser: 'bgp-ecmp', sources: [] },
    { name: 'IPVS', network: {}, sync, engine: 'ipvs', sources: [] },
  ] as const;
  const resolver = createResolver();
  for (const { name, network, sync, sources, ...more } of cases) {
    const built = buildIntent({
      vips: [outer, inner],
      listeners: [
        buildListener('web', 'www', 80, { mode: 'onearm', engine: 'engine' in more ? more.engine : 'xdp' }),
      ],
      pools: [buildPool('web', [buildMember('10.0.0.1')])],
      groups: [buildGroup('g', ['www', 'inner'], 'chooser' in more ? { chooser: more.chooser } : {})],
    });
    const ha = { ...built.ha!, sync: { ...built.ha!.sync, ...sync } };
    const intent = { ...built, ha, network: { ...built.network, ...network } };

    const [listener] = resolver.resolve(intent, assumedFacts(intent, 0)).listeners;

    assert.deepEqual(listener?.sourceAddresses, sources, name);
  }
});

test('resolve() expands a listener over its addresses and ports, ranges kept whole', () => {
  const listener = buildListener('web', 'v4', 80, {
    vips: ['v4', 'v6'],
    ports: [
      { from: 80, to: 80 },
      { from: 8000, to: 8100 },
    ],
  });
  const intent = buildIntent({ vips: VIPS, listeners: [listener], pools: [POOL] });

  const world = resolve(intent, assumedFacts(intent, 0));

  assert.deepEqual(
    world.listeners.map((one) => [one.key, one.members.map((member) => member.key).join(' ')]),
    [
      ['tcp/192.0.2.10:80', '10.0.0.1:80 10.0.0.2:8080'],
      ['tcp/192.0.2.10:8000-8100', '10.0.0.1:0 10.0.0.2:8080'],
      ['tcp/[2001:db8::10]:80', '[2001:db8:1::1]:80'],
      ['tcp/[2001:db8::10]:8000-8100', '[2001:db8:1::1]:0'],
    ],
  );
});

test('resolve() lets a tunnel and a proxy cross address families', () => {
  for (const more of [{ mode: 'tunnel' }, { mode: 'proxy', scheduler: 'rr' }] as const) {
    const intent = buildIntent({
      vips: VIPS,
      listeners: [buildListener('web', 'v4', 80, more)],
      pools: [POOL],
    });

    assert.equal(resolve(intent, assumedFacts(intent, 0)).listeners[0]!.members.length, 3);
  }
});

test('resolve() keeps the port of the packet for a mark', () => {
  const listener = buildListener('m', 'v4', 0, { mark: 7, markFamily: 6, vips: [], ports: [], pool: 'web' });
  const intent = buildIntent({ vips: VIPS, listeners: [listener], pools: [POOL] });

  const [world] = resolve(intent, assumedFacts(intent, 0)).listeners;

  assert.equal(world!.key, 'mark/7/6');
  assert.deepEqual(
    world!.members.map((member) => member.key),
    ['[2001:db8:1::1]:0'],
  );
});

const ENGINE_CASES: readonly (readonly [name: string, actual: () => string, expected: string | RegExp])[] = [
  ['prefers ipvs', () => place({}), 'ipvs nat (auto: preferred and available)'],
  [
    'prefers xdp where asked',
    () => place({}, ALL_ENGINES, { prefer: 'xdp' }),
    'xdp nat (auto: preferred and available)',
  ],
  [
    'takes the other one',
    () => place({}, without('ipvs')),
    'xdp nat (auto: ipvs is not available: no ipvs here)',
  ],
  [
    'finds no place',
    () => place({}, without('ipvs', 'xdp')),
    'EngineUnavailable: ipvs is not available: no ipvs here; xdp is not available: no xdp here',
  ],
  [
    'takes the default',
    () => place({}, ALL_ENGINES, { engine: 'xdp' }),
    'xdp nat (auto: the configured default)',
  ],
  [
    'never replaces the default',
    () => place({}, without('xdp'), { engine: 'xdp' }),
    'EngineUnavailable: xdp is not available: no xdp here',
  ],
  [
    'never replaces what the listener names',
    () => place({ engine: 'ipvs' }, without('ipvs')),
    /^EngineUnavailable: ipvs/,
  ],
  [
    'sends layer 7 to haproxy',
    () => place({ protocol: 'http', scheduler: 'rr' }),
    'haproxy proxy (auto: protocol http is terminated)',
  ],
  [
    'sends layer 7 to haproxy past the default',
    () => place({ protocol: 'http', scheduler: 'rr' }, ALL_ENGINES, { engine: 'ipvs' }),
    /^haproxy proxy/,
  ],
  [
    'finds no place for layer 7 without haproxy',
    () => place({ protocol: 'https', scheduler: 'rr' }, without('haproxy')),
    /^EngineUnavailable: haproxy/,
  ],
  [
    'takes the engine that can',
    () => place({ scheduler: 'sed' }, ALL_ENGINES, { prefer: 'xdp' }),
    'ipvs nat (auto: xdp has no scheduler sed)',
  ],
  [
    'refuses rather than change the scheduler',
    () => place({ engine: 'xdp', scheduler: 'sed' }),
    'EngineUnavailable: xdp has no scheduler sed',
  ],
  [
    'refuses layer 7 on a packet engine',
    () => place({ engine: 'ipvs', protocol: 'http' }),
    'EngineUnavailable: ipvs has no protocol http',
  ],
  [
    'refuses a proxy option on a packet engine',
    () => place({ engine: 'ipvs', acceptProxy: true, mode: 'proxy' }),
    /ipvs has no proxy/,
  ],
];

for (const [name, actual, expected] of ENGINE_CASES)
  test(`resolve() ${name}`, () => {
    if (typeof expected === 'string') assert.equal(actual(), expected);
    else assert.match(actual(), expected);
  });

test('resolve() puts every listener on the engine asked for on the command line', () => {
  const intent = buildIntent({
    vips: VIPS,
    listeners: [
      buildListener('web', 'v4', 80, { engine: 'ipvs' }),
      buildListener('shop', 'v4', 443, { engine: 'auto', protocol: 'https', pool: 'web' }),
    ],
    pools: [POOL],
  });
  const facts = assumedFacts(intent, 0, without('ipvs', 'haproxy', 'xdp'));

  const world = resolve(intent, facts, { engine: 'memory' });

  assert.deepEqual(
    world.listeners.map((one) => [one.engine, one.mode, one.layer7 !== undefined]),
    [
      ['memory', 'nat', false],
      ['memory', 'proxy', true],
    ],
  );
});

test('resolve() names what is disabled', () => {
  assert.equal(place({ enabled: false }), 'Disabled: disabled in the configuration');
});

test('resolve() gives addresses to active groups only, and never those somebody else manages', () => {
  const intent = buildIntent({
    vips: [
      buildVip('free', '192.0.2.1', { group: 'none-such' }),
      buildVip('a', '192.0.2.2', { group: 'one' }),
      buildVip('b', '192.0.2.3', { group: 'two' }),
      buildVip('theirs', '192.0.2.4', { group: 'one', manage: false }),
      buildVip('fixed', '192.0.2.5', { group: 'three' }),
    ],
    groups: [
      buildGroup('one', []),
      buildGroup('two', []),
      buildGroup('three', [], { chooser: 'static', initialRole: 'active' }),
    ],
  });
  const facts: Facts = {
    ...assumedFacts(intent, 0),
    roles: new Map([['one', { role: 'active', epoch: 1, reason: 'Active' }]]),
  };

  assert.deepEqual(
    resolve(intent, facts).addresses.map((address) => address.vip),
    ['free', 'a', 'fixed'],
  );
});

test('createResolver() gives the very same World while nothing that counts changes', () => {
  const pool = buildPool('web', POOL.members, { checks: [TCP_CHECK] });
  const intent = buildIntent({ vips: VIPS, listeners: [buildListener('web', 'v4', 80)], pools: [pool] });
  const resolver = createResolver();

  const first = resolver.resolve(intent, assumedFacts(intent, 0));
  const later = assumedFacts(intent, 99_999);
  const health = new Map(
    [...later.health].map(([key, one]) => [key, { ...one, sinceMs: 5, lastError: 'old' }]),
  );

  assert.equal(resolver.resolve(intent, { ...later, health }), first);
});

test('createResolver() reworks only the listeners of a changed pool', () => {
  const intent = buildIntent({
    vips: VIPS,
    listeners: [buildListener('web', 'v4', 80), buildListener('api', 'v4', 81)],
    pools: [POOL, buildPool('api', POOL.members)],
  });
  const resolver = createResolver();
  const before = resolver.resolve(intent, assumedFacts(intent, 0));

  const after = resolver.resolve(
    withPool(intent, buildPool('api', [buildMember('10.0.0.1', { weight: 9 })])),
    assumedFacts(intent, 0),
  );

  assert.equal(after.listeners[0], before.listeners[0]);
  assert.notEqual(after.listeners[1], before.listeners[1]);
});

test('renderWorld() tells engine, weights and reasons', () => {
  const intent = buildIntent({
    vips: [VIPS[0]!],
    listeners: [
      buildListener('web', 'v4', 80, { scheduler: 'sh', schedulerFlags: ['port'] }),
      buildListener('off', 'v4', 81, { enabled: false, pool: 'web' }),
    ],
    pools: [
      buildPool('web', [
        buildMember('10.0.0.1', { name: 'one' }),
        buildMember('10.0.0.2', { state: 'down', weight: 5 }),
      ]),
    ],
  });

  assert.equal(
    renderWorld(resolve(intent, assumedFacts(intent, 0))),
    `address 192.0.2.10/32 dev eth0  (vip v4)

listener tcp/192.0.2.10:80  (web)
  tcp by memory (named by the listener), mode nat, scheduler sh+port
  member 10.0.0.1:80 (one)  weight 1, NotChecked
  member 10.0.0.2:80 (10.0.0.2:0)  weight 0 of 5, AdminDown, no row

unplaced off: Disabled, disabled in the configuration
`,
  );
});

// loadConfig(): defaults, merging, expansion, secrets, the hash, and how much is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { SecretReading } from './decode/secret-reader.ts';
import type { Environment } from './expand.ts';
import type { LoadOptions } from './load.ts';
import { loadTexts } from './load-text.ts';
import { MOST_SHOWN } from './render-findings.ts';

const NETWORK = 'network: { frontend: { interface: eth0 } }\n';
const WEB = `${NETWORK}listeners: [{ name: web, vip: 192.0.2.10, port: 80, members: [{ address: 10.0.0.1 }] }]\n`;

function load(
  main: string,
  included: readonly string[] = [],
  env: Environment = {},
  options: LoadOptions = {},
) {
  return loadTexts(
    [
      { file: 'config.yaml', text: main, role: 'main' },
      ...included.map((text, index) => ({ file: `config.d/${index}.yaml`, text, role: 'included' as const })),
    ],
    env,
    options,
  );
}

function rulesOf(main: string, ...rest: [(readonly string[])?, Environment?]): string[] {
  return load(main, ...rest).diagnostics.map((diagnostic) => diagnostic.rule);
}

test('loadConfig() fills in every default of a listener and its own pool', () => {
  const { intent } = load(WEB, [], {}, { hostName: 'host-a' });

  assert.equal(intent?.node.name, 'host-a');
  assert.deepEqual(intent?.vips.get('192.0.2.10'), {
    name: '192.0.2.10',
    address: '192.0.2.10',
    prefixLength: 32,
    manage: true,
    advertise: false,
  });
  const listener = intent?.listeners.get('web');
  assert.equal(listener?.engine, 'auto');
  assert.equal(listener?.mode, 'nat');
  assert.equal(listener?.scheduler, 'wlc');
  assert.deepEqual(listener?.ports, [{ from: 80, to: 80 }]);
  const pool = intent?.pools.get('web');
  assert.equal(pool?.drainMs, 30_000);
  assert.deepEqual(pool?.quorum, { weight: 1, hysteresis: 0 });
  assert.equal(pool?.members[0]?.weight, 1);
  assert.equal(intent?.metrics.prometheus.bind, '127.0.0.1');
});

test('loadConfig() takes timeout and fast interval no longer than the interval where they are not given', () => {
  const { intent } = load(WEB.replace('members:', 'health: { type: tcp, interval: 500ms }, members:'));

  const check = intent?.pools.get('web')?.checks[0];
  assert.equal(check?.timeoutMs, 500);
  assert.equal(check?.fastIntervalMs, 500);
});

test('loadConfig() picks the priority of the role of the node', () => {
  const pair = (role: string) =>
    load(
      `${WEB}node: { role: ${role} }\nha: { groups: [{ name: g, priority: { primary: 200, secondary: 90 } }] }\n`,
    ).intent?.ha?.groups[0]?.priority;

  assert.equal(pair('primary'), 200);
  assert.equal(pair('secondary'), 90);
});

test('loadConfig() gives the only group the VIPs that name none', () => {
  const { intent } = load(`${WEB}node: { role: primary }\nha: { groups: [{ name: g }] }\n`);

  assert.deepEqual(intent?.ha?.groups[0]?.vips, ['192.0.2.10']);
  assert.equal(intent?.ha?.groups[0]?.interface, 'eth0');
});

test('loadConfig() takes the session that watches the other node for a used one', () => {
  const ha = (peer: string): string => `node: { role: primary }
${NETWORK}vips: [{ name: v, address: 192.0.2.10/32, group: g, advertise: true }]
listeners: [{ name: web, vip: v, port: 80, mode: proxy, engine: haproxy, members: [{ address: 10.0.0.1 }] }]
ha:
  provider: frr
  groups: [{ name: g, choose: bgp }]
  bfd: [{ name: other, peer: 192.0.2.3 }]
  bgp: { local_as: 65100, router_id: 192.0.2.2, peers: [{ name: router, address: 192.0.2.1, remote_as: 65101${peer} }] }
`;
  assert.deepEqual(rulesOf(ha('')), []);
  assert.ok(rulesOf(ha(', bfd: none')).length > 0);
});

test('loadConfig() joins the lists of all files', () => {
  const { intent, diagnostics } = load(NETWORK, [
    'pools: [{ name: a, members: [{ address: 10.0.0.1 }] }]',
    'listeners: [{ name: web, vip: 192.0.2.10, port: 80, pool: a }]',
  ]);

  assert.deepEqual(diagnostics, []);
  assert.equal(intent?.listeners.get('web')?.pool, 'a');
});

test('loadConfig() expands variables, numbers too, and keeps a doubled dollar sign', () => {
  const { intent } = load(
    WEB.replace('port: 80', 'port: "${PORT}"').replace(
      'address: 10.0.0.1',
      'address: "10.0.${NET}.1", name: "a$$b"',
    ),
    [],
    { PORT: '8080', NET: '7' },
  );

  assert.equal(intent, undefined, 'a$b is no name');
  const good = load(WEB.replace('port: 80', 'port: "${PORT}"').replace('10.0.0.1', '"10.0.${NET}.1"'), [], {
    PORT: '8080',
    NET: '7',
  });
  assert.deepEqual(good.intent?.listeners.get('web')?.ports, [{ from: 8080, to: 8080 }]);
  assert.equal(good.intent?.pools.get('web')?.members[0]?.address, '10.0.7.1');
});

test('loadConfig() lists every missing variable, and nothing that follows from it', () => {
  const { diagnostics } = load(WEB.replace('192.0.2.10', '"${A}"').replace('10.0.0.1', '"${B}.${C}"'));

  assert.deepEqual(
    diagnostics.map((diagnostic) => [diagnostic.rule, diagnostic.message]),
    ['A', 'B', 'C'].map((name) => ['missing-variable', `The environment variable "${name}" is not set`]),
  );
});

test('loadConfig() tells faults of form and of meaning in one run', () => {
  const rules = rulesOf(
    `${NETWORK}listeners:
  - { name: a, vip: 192.0.2.10, port: 80, members: [{ address: 10.0.0.1, weihgt: 5 }] }
  - { name: b, vip: 192.0.2.11, port: 80, pool: nowhere }
pools: [{ name: c, members: [{ address: 10.0.0.1 }, { address: 10.0.0.1 }] }]
`,
  );

  assert.deepEqual(rules.sort(), ['duplicate-member', 'pool-unused', 'unknown-key', 'unknown-reference']);
});

test('loadConfig() tells two on one port inside the range of a third about each other', () => {
  const rules = rulesOf(
    `${NETWORK}listeners:
  - { name: range, vip: 192.0.2.10, ports: [70-90], members: [{ address: 10.0.0.1 }] }
  - { name: a, vip: 192.0.2.10, port: 80, members: [{ address: 10.0.0.1 }] }
  - { name: b, vip: 192.0.2.10, port: 80, members: [{ address: 10.0.0.1 }] }
`,
  );

  assert.deepEqual(rules.sort(), ['port-clash', 'port-overlap', 'port-overlap']);
});

test('loadConfig() reads on behind a key it does not know, as the one it was meant to be', () => {
  const rules = rulesOf(
    `${NETWORK}listeners:
  - name: a
    vip: 192.0.2.10
    port: 80
    mdoe: dr
    memebrs: [{ address: 10.0.0.1, port: 8080}]
    health: { type: tcp, interval: 1s, timeout: 5s }
`,
  );

  assert.deepEqual(rules.sort(), ['port-translation', 'timeout-over-interval', 'unknown-key', 'unknown-key']);
});

test('loadConfig() does not call unknown what it could not read', () => {
  const rules = rulesOf(
    `${NETWORK}listeners: [{ name: a, vip: front, port: 80, pool: c }]
vips: [{ name: front, address: nonsense }]
pools: [{ name: c, drain: 5 }]
`,
  );

  assert.deepEqual(rules.sort(), ['bad-address', 'duration-unit']);
});

test('loadConfig() points at what the person wrote, in the older spelling too', () => {
  const { diagnostics } = load(NETWORK, [
    'services:\n  - name: web\n    vip: 192.0.2.10\n    port: 80\n    backends:\n      - ip: 10.0.0.1\n        weight: 70000\n',
  ]);

  assert.equal(diagnostics[0]?.path, 'services[0].backends[0].weight');
  assert.deepEqual(diagnostics[0]?.place, { file: 'config.d/0.yaml', line: 7, column: 17 });
});

const TOKEN = (token: string) =>
  `${WEB}metrics: { influxdb: { url: http://127.0.0.1:8086, token: ${token}, org: o, bucket: b } }\n`;

function secretFile(reading: SecretReading): LoadOptions {
  return { readSecret: () => reading };
}

test('loadConfig() reads secrets from text, environment and file, without the end of the line', () => {
  const token = (text: string, env: Environment = {}, options: LoadOptions = {}) =>
    load(TOKEN(text), [], env, options).intent?.metrics.influx?.token;

  assert.equal(token('hunter2')?.reveal(), 'hunter2');
  assert.equal(token('{ env: T }', { T: 'abc' })?.reveal(), 'abc');
  assert.equal(token('{ env: T, default: "d" }')?.reveal(), 'd');
  assert.equal(token('{ file: /t }', {}, secretFile({ ok: true, text: 'xyz\n' }))?.reveal(), 'xyz');
  assert.equal(token('{ file: /t }', {}, secretFile({ ok: true, text: 'xyz\n' }))?.source, 'file:/t');
});

test('no diagnostic, Intent or hash shows a secret', () => {
  const secret = 'hunter2-in-plain';
  const texts = [
    TOKEN(secret),
    TOKEN(`{ value: ${secret} }`),
    TOKEN(`[${secret}]`),
    TOKEN(`{ env: T, default: [${secret}] }`),
    `${WEB}metrics:\n  influxdb:\n    token:\n      value: ${secret}\n`,
    `${WEB}metrics:\n  influxdb:\n    token:\n      - ${secret}\n`,
    TOKEN(`"${secret}", orgg: x`),
    `${WEB}ha: { groups: [{ name: g, vrid: 999, auth: { secret: ${secret} } }] }\n`,
    `${WEB}notifications: { mail: { from: a, to: [a@b], server: s, username: u, password: '${secret}' } }\n`,
    `${WEB}notifications: { webhooks: [{ url: ftp, secret: "${secret}" }] }\n`,
  ];
  for (const text of texts) {
    const result = load(text);

    assert.ok(result.diagnostics.length > 0);
    assert.ok(!inspect(result, { depth: 20 }).includes(secret), text);
    assert.ok(!JSON.stringify(result).includes(secret), text);
  }
});

test('loadConfig() has one hash for two spellings, another for another meaning or secret', () => {
  const hash = (text: string, env: Environment = { T: 'one' }) => load(text, [], env).hash;
  const spelled = `network: {frontend: {interface: eth0}}
pools: []
listeners:
  - name: web
    ports: ["80"]
    vips: ["192.0.2.10"]
    mode: nat
    members:
      - address: 10.0.0.1
        weight: 1
`;

  assert.equal(hash(WEB), hash(spelled));
  assert.notEqual(hash(WEB), hash(WEB.replace('80', '81')));
  assert.equal(hash(TOKEN('{ env: T }')), hash(TOKEN('{ env: T }')));
  assert.notEqual(hash(TOKEN('{ env: T }')), hash(TOKEN('{ env: T }'), { T: 'two' }));
});

test('loadConfig() counts what it does not show', () => {
  const members = Array.from(
    { length: 500 },
    (_, index) => `{ address: 10.0.0.1, port: 80, name: m${index} }`,
  );
  const { diagnostics } = load(WEB.replace('[{ address: 10.0.0.1 }]', `[${members.join(', ')}]`));

  assert.equal(diagnostics.length, MOST_SHOWN + 1);
  assert.equal(diagnostics.at(-1)?.rule, 'too-many');
  assert.match(diagnostics.at(-1)?.message ?? '', /^299 more errors/);
});

test('loadConfig() reads a mixed pool on a dual listener, and a redirect that needs no pool', () => {
  const dual = load(
    `${NETWORK}listeners: [{ name: web, vips: [192.0.2.10, "2001:db8::10"], port: 80, members: [{ address: 10.0.0.1 }, { address: "2001:db8::1" }] }]`,
  );
  const redirect = load(
    `${NETWORK}listeners: [{ name: to-https, vip: 192.0.2.10, port: 80, protocol: http, http: { rules: [{ name: r, action: { redirect_prefix: https://example.com } }] } }]`,
  );

  assert.deepEqual(dual.diagnostics, []);
  assert.deepEqual(redirect.diagnostics, []);
  assert.deepEqual(redirect.intent?.pools.get('to-https')?.members, []);
});

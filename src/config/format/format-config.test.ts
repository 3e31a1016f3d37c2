// formatConfig(): the canonical text of older and untidy files, and that nothing but words changes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toCanonical } from '../legacy/to-canonical.ts';
import type { ParsedFile, Source } from '../source.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { formatConfig } from './format-config.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);

function parse(text: string, role: Source['role'] = 'main'): ParsedFile {
  const parsed = parseYaml({ file: 'config.yaml', text, role });
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.diagnostics[0]));
  return parsed.file;
}

interface Case {
  readonly name: string;
  readonly role?: Source['role'];
  readonly from: string;
  readonly to: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a main file of LibraFlux',
    from: `mode: DR # or nat

node: {name: lb-a,   role: primary}

# what we stand on
network:
    frontend:
        interface: eth0
        vip: 192.168.1.100 # ours
        cidr: 24 # of the rack
# failover
vrrp:
    vrid: 50 # unique
    priority_primary: 150
    priority_secondary: 100 # lower
    advert_interval_ms: 1000
`,
    to: `mode: dr # or nat

node: { name: lb-a, role: primary }

# what we stand on
network:
  frontend:
    interface: eth0 # of the rack

vips:
  - name: frontend
    address: 192.168.1.100/24 # ours
    group: main

# failover
ha:
  groups:
    - name: main
      choose: vrrp
      vrid: 50 # unique
      priority:
        primary: 150
        secondary: 100 # lower
      advert: 1s
`,
  },
  {
    name: 'services with anchors, merges and comments everywhere',
    role: 'included',
    from: `# ours
services:
  # first
  - &first
    name: a # name


    ports: [80]
    port_ranges: # more
      - start: 8000
        end: 8010
    backends: &b # be
      - ip: 10.0.0.1 # ip
        port: 0 # zero
      - {ip: 10.0.0.2, port: 0}
    health: &h { enabled: true, type: tcp, interval_ms: 0x10 }
  - <<: *first
    name: b
    backends: *b
    health: *h # same
# end
`,
    to: `# ours
listeners:
  # first
  - &first
    name: a # name
    vip: frontend

    ports: [80, 8000-8010]
    # more
    members: # be
      &b
      - address: 10.0.0.1 # ip; zero
      - { address: 10.0.0.2 }
    health: &h { type: tcp, interval: 16ms }
  - <<: *first
    name: b
    members: *b
    health: *h # same

# end
`,
  },
  {
    name: 'what is switched off, keeping it as a comment',
    from: `observability:
  logging:
    console: { enabled: true, level: info }
    gelf: # far away
      enabled: false
      host: logs.example.com # old
`,
    to: `logging:
  level: info
  # gelf:
  #   # far away
  #   enabled: false
  #   host: logs.example.com # old
  console: true
`,
  },
  {
    name: 'line ends, marks and blank lines of other editors',
    from: '\uFEFFmode:    dr\r\n\r\n\r\n\r\nguard:\r\n      free_deletions: 5\r\n',
    to: 'mode: dr\n\nguard:\n  free_deletions: 5\n',
  },
  {
    name: 'texts that need their quotes, and numbers as they were written',
    from: `system: { sysctl: {a: "010", b: 'yes', c: 0x1F, d: 1e3, e: "1:2", f: ~, g: ''} }
node:
  name: |-
     a
     b
`,
    to: `system: { sysctl: { a: "010", b: 'yes', c: 0x1F, d: 1e3, e: "1:2", f: ~, g: '' } }
node:
  name: |-
    a
    b
`,
  },
];

for (const { name, role, from, to } of CASES) {
  test(`formatConfig() writes ${name}`, () => {
    const { text, diagnostics } = formatConfig(parse(from, role));

    assert.deepEqual(diagnostics, []);
    assert.equal(text, to);
    assert.equal(formatConfig(parse(text, role)).text, text);
  });
}

test('formatConfig() leaves every example as it is', () => {
  const names = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  assert.ok(names.length > 0);

  for (const name of names) {
    const text = readFileSync(new URL(name, EXAMPLES), 'utf8');

    assert.equal(formatConfig(parse(text)).text, text, name);
  }
});

test('formatConfig() says where it changed which word', () => {
  const { changes } = formatConfig(parse('pools:\n  - name: a\n    backends:\n      - ip: 10.0.0.1\n'));

  assert.deepEqual(changes, [
    { line: 3, column: 5, message: '"backends" is now "members"' },
    { line: 4, column: 9, message: '"ip" is now "address"' },
  ]);
});

test('formatConfig() writes aliases out where a rule needs a part of their value', () => {
  const from = `services:
  - name: a
    vip: x
    health: &h { enabled: false, type: tcp }
    members: []
  - name: b
    vip: x
    health: *h
    members: []
`;
  const file = parse(from, 'included');

  const { text, diagnostics } = formatConfig(file);

  assert.deepEqual(diagnostics, []);
  assert.ok(!text.includes('*h'), text);
  assert.deepEqual(parse(text, 'included').value, toCanonical(file.value, 'included').value);
});

test('formatConfig() refuses to choose between two spellings and keeps the text', () => {
  const from = 'pools:\n  - name: a\n    health: { interval: 1s, interval_ms: 2000 }\n';

  const { text, changes, diagnostics } = formatConfig(parse(from));

  assert.equal(text, from);
  assert.deepEqual(changes, []);
  assert.deepEqual(
    diagnostics.map(({ rule, place }) => [rule, place?.line, place?.column]),
    [['legacy-conflict', 3, 29]],
  );
});

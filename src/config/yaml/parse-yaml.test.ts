// parseYaml(): values of the core schema, every fault with its place, places of every part, and bounds that hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../../test/fixtures/cpu-time.ts';
import { isRuleId } from '../check/rules.ts';
import type { ParsedFile, Source } from '../source.ts';
import { YAML_LIMITS } from './limits.ts';
import { parseYaml } from './parse-yaml.ts';

function parse(text: string, role: Source['role'] = 'main') {
  return parseYaml({ file: 'f.yaml', text, role });
}

function good(text: string): ParsedFile {
  const result = parse(text);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.diagnostics[0]));
  return result.file;
}

function faults(text: string, role: Source['role'] = 'main'): string[] {
  const result = parse(text, role);
  const diagnostics = result.ok ? result.warnings : result.diagnostics;
  return diagnostics.map(({ severity, rule, place }) => {
    assert.equal(place!.file, 'f.yaml');
    assert.ok(isRuleId(rule), `${rule} is not in the catalogue`);
    return `${severity === 'warning' ? 'warning ' : ''}${rule} ${place!.line}:${place!.column}`;
  });
}

const VALUES: readonly (readonly [text: string, value: unknown])[] = [
  ['a: yes\nb: on\nc: no\nd: Off\n', { a: 'yes', b: 'on', c: 'no', d: 'Off' }],
  ['a: true\nb: FALSE\nc: ~\nd:\ne: Null\n', { a: true, b: false, c: null, d: null, e: null }],
  ['a: 0x10\nb: 0o17\nc: 1e3\nd: -5\ne: +7\nf: .5\n', { a: 16, b: 15, c: 1000, d: -5, e: 7, f: 0.5 }],
  ['a: .inf\nb: -.INF\n', { a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY }],
  ['a: 1:30\nb: 2001-01-01\nc: 1_000\nd: 0b1\n', { a: '1:30', b: '2001-01-01', c: '1_000', d: '0b1' }],
  [`a: "\\u00e9\\t"\nb: 'it''s'\n`, { a: 'é\t', b: "it's" }],
  ['a: |\n  x\n  y\nb: >-\n  x\n  y\n', { a: 'x\ny\n', b: 'x y' }],
  [
    'a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\n',
    { a: { b: 1, c: 2 }, d: { b: 1, c: 2 }, e: { b: 1, c: 3 } },
  ],
  [
    'a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n',
    { a: { p: 1 }, b: { p: 2, q: 2 }, c: { p: 1, q: 2 } },
  ],
  ['"<<": 1\n', { '<<': 1 }],
  ['503: a\ntrue: b\n0x10: c\n', { 503: 'a', true: 'b', '0x10': 'c' }],
  ['a: !!str 5\nb: !!int "5"\nc: !<tag:yaml.org,2002:float> 1\n', { a: '5', b: 5, c: 1 }],
  ['\uFEFFa: 1\r\nb:\r\n  - 2\r\n', { a: 1, b: [2] }],
  ['---\na: 1\n...\n# end\n', { a: 1 }],
  ['%YAML 1.2\n---\na: 1\n', { a: 1 }],
];

for (const [text, value] of VALUES) {
  test(`parseYaml() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(good(text).value, value);
  });
}

test('parseYaml() keeps __proto__ and its like plain keys', () => {
  const value = good('__proto__: {polluted: true}\nconstructor: 1\na: {<<: {__proto__: 2}}\n')
    .value as object;

  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'a']);
  assert.equal('polluted' in value, false);
  assert.deepEqual(Object.keys((value as { a: object }).a), ['__proto__']);
});

const FAULTS: readonly (readonly [name: string, text: string, ...expected: string[]])[] = [
  ['an empty file', '', 'empty-file 1:1'],
  ['comments only', '# a\n\n# b\n', 'empty-file 1:1'],
  ['a list', '- a\n', 'not-a-mapping 1:1'],
  ['one value', 'text\n', 'not-a-mapping 1:1'],
  ['two documents', 'a: 1\n---\nb: 2\n', 'several-documents 2:1'],
  ['something after the end', 'a: 1\n...\nb: 2\n', 'several-documents 2:1'],
  ['an older YAML', '%YAML 1.1\n---\na: yes\n', 'yaml-directive 1:1'],
  ['tag directives', '%TAG ! tag:x,1:\n---\na: 1\n', 'yaml-directive 1:1'],
  [
    'duplicate keys, all of them',
    'a: 1\nb:\n  c: 1\n  c: 2\na: 3\n',
    'duplicate-key 4:3',
    'duplicate-key 5:1',
  ],
  ['duplicate keys in different spellings', 'a: 1\n"a": 2\n', 'duplicate-key 2:1'],
  ['a tab in the indentation', 'a:\n\tb: 1\n', 'tab-indentation 2:1'],
  ['a tab after blanks', 'a:\n  b: 1\n \tc: 1\n', 'tab-indentation 3:2'],
  ['a quote left open, where it opens', 'a: "x\nb: 1\n', 'yaml-syntax 1:4'],
  ['a bracket left open', 'a: [1, 2\nb: 3\n', 'yaml-syntax 2:1'],
  ['a second colon', 'a: b: c\nd: e: f\n', 'yaml-syntax 1:4', 'yaml-syntax 2:4'],
  ['an unknown escape', 'a: "\\q"\n', 'yaml-syntax 1:5'],
  ['an unknown alias', 'a: *b\n', 'yaml-alias-unknown 1:4'],
  ['an alias inside its anchor', 'a: &x [1, *x]\n', 'yaml-alias-cycle 1:11'],
  ['a merge of no map', 'a: &x 1\nb: {<<: *x}\n', 'yaml-merge 2:5'],
  ['a list as key', '? [a]\n: b\n', 'yaml-key 1:3'],
  ['a key that is missing', ': b\n', 'yaml-key 1:1'],
  ['a key over two lines', '? a\n  b\n: c\n', 'yaml-key 1:3'],
  [
    'unknown tags, all of them',
    'a: !x 1\nb: !!set {c}\nd: !!int e\n',
    'yaml-tag 1:4',
    'yaml-tag 2:4',
    'yaml-tag 3:4',
  ],
  ['a zero byte', 'a: \0\n', 'binary-file 1:4'],
  ['a control character', 'a: 1\nb: \x07\n', 'control-character 2:4'],
  ['line ends of another age', 'a: 1\rb: 2\r', 'control-character 1:5'],
  ['a number that looks octal', 'a: 010\n', 'warning ambiguous-number 1:4'],
  ['a number without bound', 'a: 1e999\n', 'ambiguous-number 1:4'],
];

for (const [name, text, ...expected] of FAULTS) {
  test(`parseYaml() tells of ${name}`, () => {
    assert.deepEqual(faults(text), expected);
  });
}

test('parseYaml() takes an empty included file with a warning', () => {
  assert.deepEqual(faults('# nothing\n', 'included'), ['warning empty-file 1:1']);
});

test('parseYaml() names the first place of a duplicate key', () => {
  const result = parse('a: 1\nb: 2\na: 3\n');

  assert.ok(!result.ok);
  assert.match(
    result.diagnostics[0]!.message,
    /^The key "a" stands here a second time; the first is at 1:1$/,
  );
});

test('parseYaml() shows no secret beside a fault', () => {
  const result = parse('password: "hunter2" x\ntoken: abc: d\n{ secret: hunter2, a: [ }\n');

  assert.ok(!result.ok);
  const shown = JSON.stringify(result.diagnostics);
  assert.ok(!/hunter2|abc/.test(shown), shown);
});

const LOCATE = `# head
listeners:
  - &first
    name: web
    members: [{ address: 10.0.0.1, weight: 5 }]
    health:
  - <<: *first
    name: "api"
pools: *first
`;

test('locate() finds keys and values, through merges and aliases, and the nearest ancestor of what is missing', () => {
  const file = good(LOCATE);
  const at = (path: (string | number)[], what: 'key' | 'value') => {
    const { line, column } = file.locate(path, what);
    return `${line}:${column}`;
  };

  assert.equal(at([], 'value'), '2:1');
  assert.equal(at(['listeners'], 'key'), '2:1');
  assert.equal(at(['listeners', 0], 'value'), '4:5');
  assert.equal(at(['listeners', 0, 'members', 0, 'weight'], 'key'), '5:36');
  assert.equal(at(['listeners', 0, 'members', 0, 'weight'], 'value'), '5:44');
  assert.equal(at(['listeners', 0, 'members', 0, 'port'], 'value'), '5:15');
  assert.equal(at(['listeners', 0, 'health', 'type'], 'value'), '6:5');
  assert.equal(at(['listeners', 1, 'members', 0, 'address'], 'value'), '5:26');
  assert.equal(at(['listeners', 1, 'name'], 'value'), '8:11');
  assert.equal(at(['listeners', 7, 'name'], 'value'), '3:3');
  assert.equal(at(['pools'], 'value'), '9:8');
  assert.equal(at(['pools', 'name'], 'value'), '4:11');
  assert.equal(file.excerpt(8), '    name: "api"');
  assert.equal(file.excerpt(99), '');
});

test('locate() and excerpt() count lines of other systems as editors do', () => {
  const file = good('\uFEFFa: 1\r\nb:\r\n  c: 2\r\n');

  assert.deepEqual(file.locate(['b', 'c'], 'value'), { file: 'f.yaml', line: 3, column: 6 });
  assert.deepEqual(file.locate(['a'], 'key'), { file: 'f.yaml', line: 1, column: 1 });
  assert.equal(file.excerpt(3), '  c: 2');
});

test('locate() answers a thousand times on a file of 2 MB for little work', () => {
  const listener =
    '  - { name: web, vip: 192.0.2.1, port: 80, members: [{ address: 10.0.0.1, weight: 1 }] }\n';
  const file = good(`listeners:\n${listener.repeat(24_000)}`);
  const started = cpuMs();

  for (let i = 0; i < 1000; i++) {
    const { line } = file.locate(['listeners', i * 24, 'members', 0, 'weight'], 'value');
    assert.equal(line, i * 24 + 2);
    assert.ok(file.excerpt(line).length > 80);
  }

  assert.ok(cpuMs() - started < 4000);
});

const HOSTILE: readonly (readonly [name: string, text: string, rule: string])[] = [
  ['brackets', `a: ${'['.repeat(1_000_000)}`, 'yaml-depth'],
  ['closed brackets', `a: ${'['.repeat(65)}${']'.repeat(65)}\n`, 'yaml-depth'],
  ['blocks', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'yaml-depth'],
  ['dashes', `${'- '.repeat(5000)}a`, 'yaml-depth'],
  [
    'depth by aliases',
    `a0: &a0 [1]\n${Array.from({ length: 70 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`).join('')}`,
    'yaml-depth',
  ],
  [
    'a billion laughs',
    `a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]\n`).join('')}`,
    'yaml-alias-expansion',
  ],
  [
    'merges of merges',
    `a0: &a0 {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(', ')}}\n${Array.from({ length: 3000 }, (_, i) => `m${i}: {<<: *a0}\n`).join('')}`,
    'yaml-alias-expansion',
  ],
  ['very many aliases', `a: &a 1\nb: [${'*a,'.repeat(YAML_LIMITS.aliases + 1)}]\n`, 'yaml-aliases'],
  ['16 MiB and more', `a: ${'x'.repeat(YAML_LIMITS.textLength)}`, 'file-too-large'],
  ['a hundred thousand equal keys', 'a: 1\n'.repeat(100_000), 'duplicate-key'],
  ['anchors and tags before nothing', '&a !!map\n'.repeat(500), 'yaml-syntax'],
  ['quotes without end', `a: "${'\\"x\n'.repeat(200_000)}`, 'yaml-syntax'],
  ['a block of bad lines', 'a: b: c\n'.repeat(100_000), 'yaml-syntax'],
  ['questions', '? '.repeat(300), 'yaml-depth'],
];

for (const [name, text, rule] of HOSTILE) {
  test(`parseYaml() ends ${name} with ${rule}, soon and with few diagnostics`, () => {
    const started = cpuMs();

    const result = parse(text);

    assert.ok(!result.ok);
    assert.equal(result.diagnostics[0]!.rule, rule);
    assert.ok(isRuleId(rule));
    assert.ok(result.diagnostics.length <= YAML_LIMITS.diagnostics);
    assert.ok(cpuMs() - started < 5000, `${Math.round(cpuMs() - started)} ms`);
  });
}

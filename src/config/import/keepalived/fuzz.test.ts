// Whatever is fed to the importer: no throw, no hang, bounded output.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samples } from '../../../../test/fixtures/keepalived-samples.ts';
import { parseYaml } from '../../yaml/parse-yaml.ts';
import { BUDGET } from './expand.ts';
import { importKeepalived } from './import-keepalived.ts';

const COUNT = 20_000;

/** mulberry32: small, and the same run everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SPICE = [
  '{',
  '}',
  '"',
  "'",
  '\\',
  '#',
  '!',
  '@',
  '@^main ',
  '$',
  '${',
  '$A=',
  '$A=${A}${A}\n$A\n',
  '~SEQ(X, 1, 9) ',
  '~SEQ(Y, 0, 99999999999) ',
  '~SEQ(Z, 1, 20) ',
  '~LST(',
  '\0',
  '\u2028',
  '\ud800',
  '-1',
  '99999999999',
  'include x\n',
  'virtual_server',
  'fwmark',
  'group',
  '::',
  '0.0.0.0',
  '192.0.2.1-255',
  '2001:db8::-ffff',
  '${_PWD}',
  '\\x41',
  '\r\n',
  '\t',
  ' ',
  '\n',
  'weight',
  'url {',
  'SSL_GET {',
  '1e9',
  '0x7',
  'toString',
  '__proto__',
  'constructor',
];

/** Processor time: the machine may be busy with other tests. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function mutate(lines: readonly string[], random: () => number): string {
  const pick = (limit: number) => Math.floor(random() * limit);
  const start = pick(lines.length);
  const out = lines.slice(start, start + 5 + pick(40));
  for (let edits = 1 + pick(6); edits > 0; edits--) {
    const at = pick(out.length);
    const line = out[at] ?? '';
    const spot = pick(line.length + 1);
    const kind = pick(6);
    if (kind === 0) out.splice(at, 1);
    else if (kind === 1) out.splice(at, 0, lines[pick(lines.length)]!);
    else if (kind === 2) out[at] = line.slice(0, spot);
    else if (kind === 3) out[at] = line.slice(0, spot) + SPICE[pick(SPICE.length)]! + line.slice(spot);
    else if (kind === 4) out[at] = line.replace(/\d+/, () => String(pick(70_000) - 5));
    else out[at] = line.slice(0, spot) + String.fromCharCode(pick(0x300)) + line.slice(spot + 1);
  }
  return out.join('\n');
}

test(`importKeepalived() survives ${COUNT} broken inputs`, { timeout: 120_000 }, () => {
  const random = randomFrom(20_26);
  const corpus = samples().map((sample) => sample.text.split('\n'));
  const all = corpus.flat();
  let slowest = 0;
  for (let turn = 0; turn < COUNT; turn++) {
    const lines = turn % 3 === 0 ? all : corpus[turn % corpus.length]!;
    const text = mutate(lines, random);
    const began = cpuMs();
    const result = importKeepalived({
      file: 'fuzz.conf',
      text,
      configId: turn % 2 === 0 ? 'main' : '',
      readInclude: (pattern) => (pattern === 'x' ? [{ file: 'fuzz.conf', text }] : []),
    });
    slowest = Math.max(slowest, cpuMs() - began);
    assert.ok(result.yaml.length < 40_000_000, text);
    assert.ok(result.yaml.startsWith('# Made by'), text);
    if (turn % 20 === 0) {
      const parsed = parseYaml({ file: 'config.yaml', text: result.yaml, role: 'main' });
      assert.ok(parsed.ok, `${text}\n${result.yaml}`);
    }
  }
  assert.ok(slowest < 5000, `the slowest took ${slowest} ms`);
});

test('importKeepalived() stops what would never end', () => {
  const grown = [
    `~SEQ(A, 1, 1000) ~SEQ(B, 1, 1000) ~SEQ(C, 1, 1000) virtual_server 10.0.0.1 \${C} {\n}\n`,
    '$A=x${A}${A}\n$A\n',
    '$A= \\\n$A \\\n$A\n$A\n',
    `${'a {\n'.repeat(100_000)}`,
    'virtual_server_group g {\n~SEQ(N, 0, 255) ~SEQ(M, 0, 255) 10.${N}.${M}.0-255 80\n}\nvirtual_server group g {\n}\n',
  ];
  for (const text of grown) {
    const began = cpuMs();
    const result = importKeepalived({ file: 'big.conf', text, readInclude: () => [] });
    assert.ok(cpuMs() - began < 5000, text.slice(0, 60));
    assert.ok(result.diagnostics.length > 0, text.slice(0, 60));
    assert.ok(result.report.length <= 4 * BUDGET.expanded, `${result.report.length} lines of report`);
  }
});

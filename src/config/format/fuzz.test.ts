// Whatever bytes come: parse, rewrite and format answer with values or diagnostics, soon, and lose nothing.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { cpuMs } from '../../../test/fixtures/cpu-time.ts';
import { mutate, randomFrom } from '../../../test/fixtures/damage.ts';
import { yamlText } from '../../../test/fixtures/yaml-documents.ts';
import { renderDiagnostics } from '../diagnostics/render-diagnostics.ts';
import { toCanonical } from '../legacy/to-canonical.ts';
import type { ParsedFile, Source } from '../source.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { formatConfig } from './format-config.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const LEGACY = `mode: nat
node: { name: lb-a, role: primary }
network:
  frontend: { interface: eth0, vip: 192.0.2.10, cidr: 24 } # ours
  backend: { interface: eth1 }
vrrp: # failover
  vrid: 50
  priority_primary: 150
  priority_secondary: 100
  advert_interval_ms: 1000
observability:
  logging:
    console: { enabled: true, level: info }
    gelf: { enabled: false, host: logs, port: 12201 }
  metrics:
    prometheus: { enabled: true, port: 9090, path: /metrics, bind: "" }
    influxdb: { enabled: true, url: http://h, push_interval_seconds: 10 }
daemon: { reconcile_interval_ms: 1000, state_cache: { enabled: true, ttl_ms: 500 } }
services:
  - &web
    name: web
    ports: [80, 443]
    port_ranges: [{ start: 8000, end: 8010 }]
    # the machines
    backends:
      - { ip: 10.0.0.1, port: 0, weight: 100 }
      - ip: 10.0.0.2 # second
        port: 0
    health_check: &check { enabled: true, type: tcp, interval_ms: 5000, timeout_ms: 2000, retries: 3 }
  - <<: *web
    name: api
    health_check: *check
`;
const CORPUS = [
  LEGACY,
  ...readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(new URL(name, EXAMPLES), 'utf8')),
].map((text) => text.split('\n'));

const RUNS = 20_000;
/** Work on one small input: it takes a few, garbage collection now and then a hundred. */
const MAX_MS = 1500;

function survive(text: string, role: Source['role'], formats: boolean): void {
  const parsed = parseYaml({ file: 'f.yaml', text, role });
  if (!parsed.ok) {
    assert.ok(parsed.diagnostics.length > 0);
    for (const { severity, message, place, hint } of parsed.diagnostics) {
      assert.ok(
        hint !== undefined &&
          message.length > 5 &&
          !/undefined|\[object|\bat .*\.[jt]s:/.test(message + hint),
        message,
      );
      assert.ok(place !== undefined && place.line >= 1 && place.column >= 1);
      assert.ok(severity === 'warning' || severity === 'error');
    }
    if (formats) assert.ok(renderDiagnostics(parsed.diagnostics, { colour: false, width: 80 }).length > 0);
    return;
  }
  toCanonical(parsed.file.value, role);
  parsed.file.locate(['listeners', 0, 'members', 0], 'value');
  if (formats) assertFormats(parsed.file);
}

/** Same meaning, and formatting again changes nothing. */
function assertFormats(file: ParsedFile): void {
  const { source } = file;
  const { text, diagnostics } = formatConfig(file);
  if (diagnostics.length > 0) {
    assert.equal(text, source.text);
    return;
  }
  const again = parseYaml({ ...source, text });
  assert.ok(again.ok, `formatted text is no YAML: ${text}`);
  const before = toCanonical(file.value, source.role).value;
  assert.ok(isDeepStrictEqual(toCanonical(again.file.value, source.role).value, before), text);
  assert.equal(formatConfig(again.file).text, text);
}

test(`parseYaml(), toCanonical() and formatConfig() survive ${RUNS} damaged files`, () => {
  const first = Number(process.env.LBCTL_FUZZ_SEED ?? 1);
  for (let seed = first; seed < first + RUNS; seed++) {
    const random = randomFrom(seed);
    const text = mutate(CORPUS, random);
    const started = cpuMs();
    try {
      // Formatting costs fifty times the parsing: every sixteenth input goes all the way.
      survive(text, random() < 0.5 ? 'main' : 'included', seed % 16 === 0);
    } catch (error) {
      const why = error instanceof Error ? error.stack : String(error);
      assert.fail(`LBCTL_FUZZ_SEED=${seed} ${JSON.stringify(text)}: ${why}`);
    }
    const ms = cpuMs() - started;
    assert.ok(ms < MAX_MS, `LBCTL_FUZZ_SEED=${seed} took ${Math.round(ms)} ms: ${JSON.stringify(text)}`);
  }
});

test('parseYaml() survives bytes that were never text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      survive(Buffer.from(bytes).toString('latin1'), 'main', false);
      survive(Buffer.from(bytes).toString('utf8'), 'included', false);
    }),
    { numRuns: 2000 },
  );
});

test('formatConfig() keeps the meaning of generated documents and is done after one time', () => {
  fc.assert(
    fc.property(yamlText, (text) => {
      const parsed = parseYaml({ file: 'f.yaml', text, role: 'main' });
      assert.ok(parsed.ok);
      const { diagnostics } = formatConfig(parsed.file);
      assert.deepEqual(diagnostics, []);
      assertFormats(parsed.file);
    }),
    { numRuns: 400 },
  );
});

test('formatConfig() loses no comment of any example or of the older spelling', () => {
  for (const lines of CORPUS) {
    const text = lines.join('\n');
    const parsed = parseYaml({ file: 'f.yaml', text, role: 'main' });
    assert.ok(parsed.ok);

    const formatted = formatConfig(parsed.file);

    assert.deepEqual(formatted.diagnostics, []);
    for (const [, comment] of text.matchAll(/(?:^|\s)# (.+)$/gm)) {
      assert.ok(formatted.text.includes(comment!), `${comment}\n${formatted.text}`);
    }
  }
});

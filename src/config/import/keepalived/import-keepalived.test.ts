import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  goldenPath,
  importSample,
  type Sample,
  samples,
} from '../../../../test/fixtures/keepalived-samples.ts';
import { loadConfig } from '../../load.ts';
import { parseYaml } from '../../yaml/parse-yaml.ts';
import { ROWS } from './directives.ts';
import { importKeepalived } from './import-keepalived.ts';
import { splitBraces, stripComment } from './words.ts';

const UPDATE = process.env.UPDATE_GOLDEN === '1';

function holdGolden(sample: Sample, ending: string, text: string): void {
  const path = goldenPath(sample, ending);
  if (UPDATE) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, 'utf8'), `${sample.name}.${ending}`);
}

function importText(text: string, configId?: string) {
  return importKeepalived({
    file: 'k.conf',
    text,
    readInclude: () => [],
    ...(configId === undefined ? {} : { configId }),
  });
}

function load(yaml: string) {
  const parsed = parseYaml({ file: 'config.yaml', text: yaml, role: 'main' });
  assert.ok(parsed.ok, yaml);
  return loadConfig([parsed.file], {});
}

for (const sample of samples()) {
  test(`importKeepalived() writes what stands beside ${sample.name}.conf`, () => {
    const result = importSample(sample);
    holdGolden(sample, 'yaml', result.yaml);
    const lines = result.report.map((line) =>
      [line.file, line.line, line.what, line.directive, line.note].join(' | '),
    );
    const told = result.diagnostics.map(
      (one) => `${one.severity} ${one.rule} ${one.place?.line} ${one.message}`,
    );
    holdGolden(sample, 'report', `${[...lines, ...told].join('\n')}\n`);
  });

  test(`importKeepalived() makes of ${sample.name}.conf what loads without errors`, () => {
    const { intent, diagnostics } = load(importSample(sample).yaml);
    assert.deepEqual(
      diagnostics.filter((one) => one.severity === 'error').map((one) => one.message),
      [],
    );
    assert.ok(intent !== undefined);
  });

  test(`importKeepalived() accounts for every directive of ${sample.name}.conf`, () => {
    const { report } = importSample(sample);
    const told = new Set(
      report.filter((line) => line.file === `${sample.name}.conf`).map((line) => line.line),
    );
    for (const [index, line] of sample.text.split('\n').entries()) {
      const words = splitBraces(stripComment(line)).filter(
        (piece) => piece !== '{' && piece !== '}' && piece !== '\\',
      );
      if (words.length > 0) assert.ok(told.has(index + 1), `line ${index + 1} is in no account: ${line}`);
    }
  });
}

test('ROWS are all read: each directive that has a like is carried or changed by some sample', () => {
  const used = new Set<string>();
  for (const sample of samples())
    for (const line of importSample(sample).report) if (line.what !== 'not carried') used.add(line.directive);
  const unread = ROWS.filter((row) => row.what !== 'not carried' && row.names[0] !== '*')
    .filter((row) => !row.names.some((name) => used.has(name)))
    .map((row) => `${row.block}: ${row.names.join(' ')}`);
  assert.deepEqual(unread, []);
});

test('importKeepalived() makes a working pair of the guide', () => {
  const found = samples().filter((sample) => /^guide-(master|backup)$/.test(sample.name));
  const [backup, master] = found.map((sample) => load(importSample(sample).yaml).intent!);
  assert.equal(master!.node.role, 'primary');
  assert.equal(backup!.node.role, 'secondary');
  assert.equal(master!.ha!.groups[0]!.priority, 100);
  assert.equal(backup!.ha!.groups[0]!.priority, 50);
  for (const intent of [master!, backup!]) {
    const group = intent.ha!.groups[0]!;
    assert.deepEqual([group.vrid, group.advertMs, group.vrrpVersion, group.interface], [51, 1000, 2, 'eth0']);
    assert.deepEqual(group.vips, ['gridftp']);
    const vip = intent.vips.get('gridftp')!;
    assert.deepEqual(
      [vip.address, vip.prefixLength, vip.group, vip.manage],
      ['192.0.2.10', 24, 'VI_gridftp', true],
    );
    const listener = intent.listeners.get('gridftp')!;
    assert.deepEqual(
      [listener.mode, listener.scheduler, listener.protocol, intent.dataPlane.engine],
      ['dr', 'wlc', 'tcp', 'ipvs'],
    );
    assert.deepEqual(listener.ports, [{ from: 2811, to: 2811 }]);
    const pool = intent.pools.get(listener.pool)!;
    assert.equal(pool.onFailure, 'remove');
    assert.deepEqual(
      pool.members.map((member) => [member.address, member.port, member.weight]),
      [
        ['192.0.2.21', 0, 1],
        ['192.0.2.22', 0, 1],
      ],
    );
    const check = pool.checks[0]!;
    assert.deepEqual(
      [check.type, check.port, check.intervalMs, check.timeoutMs, check.rise, check.fall, check.first],
      ['tcp', 2811, 10_000, 3000, 1, 2, 'up'],
    );
    assert.deepEqual(intent.notifications.mail?.to, ['admin@example.com', 'admin2@example.com']);
    assert.equal(intent.notifications.mail?.connectTimeoutMs, 60_000);
  }
  assert.deepEqual([...master!.pools], [...backup!.pools]);
});

const SERVER = (inner: string, rest = '') =>
  `virtual_server 192.0.2.1 80 {\n protocol TCP\n${rest}\n real_server 10.0.0.1 80 {\n${inner}\n }\n}\n`;

test('importKeepalived() inherits timers from virtual server over real server to checker', () => {
  const text = SERVER(
    ' delay_loop 7\n TCP_CHECK {\n retry 4\n }',
    ' delay_loop 9\n retry 1\n connect_timeout 2',
  );
  const check = load(importText(text).yaml).intent!.pools.values().next().value!.checks[0]!;
  assert.deepEqual(
    [check.intervalMs, check.fall, check.timeoutMs, check.fastIntervalMs],
    [7000, 5, 2000, 1000],
  );
});

test("importKeepalived() writes keepalived's defaults out", () => {
  const pool = load(importText(SERVER(' TCP_CHECK {\n }')).yaml)
    .intent!.pools.values()
    .next().value!;
  const check = pool.checks[0]!;
  assert.deepEqual(
    [check.intervalMs, check.timeoutMs, check.rise, check.fall, check.first],
    [60_000, 5000, 1, 2, 'up'],
  );
  assert.equal(pool.onFailure, 'remove');
});

test('importKeepalived() takes a missing protocol for UDP and says so', () => {
  const result = importText('virtual_server 192.0.2.1 53 {\n real_server 10.0.0.1 53 {\n }\n}\n');
  assert.equal(load(result.yaml).intent!.listeners.values().next().value!.protocol, 'udp');
  assert.ok(result.diagnostics.some((one) => one.rule === 'import-no-protocol'));
});

test('importKeepalived() never writes an environment reference that was none', () => {
  const yaml = importText(SERVER(' MISC_CHECK {\n misc_path "/bin/check ${HOME} $$"\n }')).yaml;
  const check = load(yaml).intent!.pools.values().next().value!.checks[0]!;
  assert.deepEqual(check.type === 'script' && check.command, ['/bin/check', '${HOME}', '$$']);
});

test('importKeepalived() tells unknown directives with their line, and drops none in silence', () => {
  const { report, diagnostics } = importText(SERVER(' frobnicate 3 {\n inner x\n }'));
  assert.ok(
    report.some((line) => line.directive === 'frobnicate' && line.line === 5 && line.what === 'not carried'),
  );
  assert.ok(report.some((line) => line.directive === 'inner' && line.what === 'not carried'));
  assert.ok(diagnostics.some((one) => one.rule === 'import-unknown-directive' && one.place?.line === 5));
});

test('importKeepalived() tells braces that do not match', () => {
  const rules = (text: string) => importText(text).diagnostics.map((one) => one.rule);
  assert.deepEqual(rules('global_defs {\n router_id a\n'), ['import-unclosed-block']);
  assert.deepEqual(rules('}\n'), ['import-stray-brace']);
});

test('importKeepalived() keeps own priorities where a node is active for one group and standby for another', () => {
  const instance = (name: string, state: string, vrid: number, priority: number) =>
    `vrrp_instance ${name} {\n state ${state}\n interface eth0\n virtual_router_id ${vrid}\n priority ${priority}\n}\n`;
  const { intent } = load(importText(instance('A', 'MASTER', 1, 150) + instance('B', 'BACKUP', 2, 90)).yaml);
  assert.deepEqual(
    intent!.ha!.groups.map((group) => group.priority),
    [150, 90],
  );
});

test('importKeepalived() refuses a file without a directive', () => {
  for (const text of ['', '\n\n', '# a comment\n! and another\n', '@other virtual_server 192.0.2.1 80 {\n']) {
    const [one] = importText(text).diagnostics;
    assert.deepEqual([one?.severity, one?.rule], ['error', 'import-empty'], text);
  }
});

test('importKeepalived() cuts the timeout of a host of SMTP_CHECK to delay_loop and says so', () => {
  const { yaml, report } = importText(
    SERVER(' delay_loop 3\n SMTP_CHECK {\n host {\n connect_timeout 9\n }\n }'),
  );
  assert.equal(load(yaml).intent!.pools.values().next().value!.checks[0]!.timeoutMs, 3000);
  assert.equal(report.find((line) => line.directive === 'SMTP_CHECK')?.what, 'changed');
});

test('importKeepalived() cuts the timeout of a tracked script to its interval and says so', () => {
  const text =
    'vrrp_script s {\n script "/bin/check"\n interval 2\n timeout 3\n}\n' +
    'vrrp_instance A {\n interface eth0\n virtual_router_id 1\n track_script {\n s\n }\n}\n';
  const { yaml, report } = importText(text);
  const [track] = load(yaml).intent!.ha!.groups[0]!.track;
  assert.deepEqual([track!.intervalMs, track!.timeoutMs], [2000, 2000]);
  assert.equal(report.find((line) => line.line === 4)?.what, 'changed');
});

test('importKeepalived() says the same of a line once, however many listeners come of it', () => {
  const text =
    'virtual_server_group G {\n 192.0.2.1 53\n 192.0.2.1 54\n}\nvirtual_server group G {\n' +
    ' real_server 10.0.0.1 53 {\n }\n real_server 10.0.0.2 53 {\n }\n}\n';
  const said = importText(text).diagnostics.filter((one) => one.rule === 'import-no-protocol');
  assert.equal(said.length, 1);
});

test('importKeepalived() gives an address no instance holds to a group that never moves', () => {
  const text = `vrrp_instance A {\n state MASTER\n interface eth0\n virtual_router_id 1\n}\n${SERVER('')}`;
  const { intent } = load(importText(text).yaml);
  const vip = [...intent!.vips.values()][0]!;
  assert.deepEqual([vip.group, vip.manage], ['always', false]);
  assert.equal(intent!.ha!.groups.find((group) => group.name === 'always')!.chooser, 'static');
});

test('importKeepalived() never shows a password in what it tells', () => {
  const text = `vrrp_instance A {\n interface eth0\n virtual_router_id 1\n authentication {\n auth_type PASS\n auth_pass hunter22\n }\n}\n`;
  const { report, diagnostics } = importText(text);
  assert.ok(!JSON.stringify([report, diagnostics]).includes('hunter22'));
  const wrong = importText(`${text.replace('auth_pass', 'auth_password')}@other $PASS=hunter22\n`);
  assert.ok(wrong.diagnostics.some((one) => one.rule === 'import-unknown-directive'));
  assert.ok(!JSON.stringify([wrong.report, wrong.diagnostics]).includes('hunter22'));
  assert.ok(!wrong.yaml.includes('hunter22'));
});

test('importKeepalived() points at the directive where it stands on its line', () => {
  const { diagnostics } = importText(
    'vrrp_script up {\n}\nvirtual_server 192.0.2.10 80 {\n    frobnicate 3\n}\n',
  );

  const one = diagnostics.find(({ rule }) => rule === 'import-unknown-directive');
  assert.deepEqual([one?.place, one?.excerpt], [{ file: 'k.conf', line: 4, column: 5 }, '    frobnicate 3']);
});

test('importKeepalived() lowers a quorum that can never be met, and says so', () => {
  const { yaml, report } = importText(`virtual_server 192.0.2.10 80 {
  lb_kind NAT
  protocol TCP
  quorum 5
  hysteresis 3
  real_server 10.0.0.1 80 {
    weight 1
  }
  real_server 10.0.0.2 80 {
    weight 2
  }
}`);

  assert.match(yaml, /quorum: \{ weight: 3, hysteresis: 0 \}/);
  assert.deepEqual(
    report
      .filter(({ what }) => what === 'changed')
      .map(({ directive, note }) => [directive, note.slice(0, 14)]),
    [
      ['quorum', '3 instead of 5'],
      ['hysteresis', '0 instead of 3'],
    ],
  );
  assert.deepEqual(load(yaml).diagnostics, []);
});

// The command line as a user meets it: what it prints where, and what it ends with.
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { openShop, ROOT, SMALL } from './run-lbctl.ts';

const shop = openShop();
const ESCAPE = '\x1b[';

test('lbctl runs from any folder through links', async () => {
  const { code, out } = await shop.run(['version']);

  assert.equal(code, 0);
  assert.match(out, /^lbctl \d+\.\d+\.\d+ \(node 26\.\d+\.\d+, linux-\w+\)\n$/);
});

test('lbctl --version prints the version alone', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

  assert.deepEqual(await shop.run(['--version']), { code: 0, out: `${version}\n`, err: '' });
});

test('validate accepts a right file and says what is in it', async () => {
  shop.write('small.yaml', SMALL);

  const { code, out, err } = await shop.run(['validate', '-c', 'small.yaml']);

  assert.deepEqual([code, out, err], [0, 'small.yaml is valid: 1 listener, 1 pool, 1 VIP, in 1 file\n', '']);
});

test('validate ends with 2 and points at every fault', async () => {
  shop.write(
    'wrong.yaml',
    SMALL.replace('port: 80\n', 'port: 80\n    prot: udp\n').replace('tcp }', 'tpc }'),
  );

  const { code, out, err } = await shop.run(['validate', '--config=wrong.yaml']);

  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /error\[unknown-key\]: .*"prot"/);
  assert.match(err, /wrong\.yaml:10:5/);
  assert.match(err, /wrong\.yaml:14:\d+/);
  assert.match(err, /\^/);
  assert.match(err, /2 errors in 1 file\nerror\[CONFIG_INVALID\]/);
  assert.ok(!err.includes('    at '), 'no stack trace');
});

test('validate -o json gives the same as data, on standard output alone', async () => {
  shop.write('wrong.yaml', SMALL.replace('port: 80\n', 'port: 80\n    prot: udp\n'));

  const { code, out, err } = await shop.run(['validate', '-c', 'wrong.yaml', '-o', 'json']);

  const data = JSON.parse(out) as { valid: boolean; diagnostics: Record<string, unknown>[]; files: string[] };
  assert.deepEqual([code, err, data.valid, data.files], [2, '', false, ['wrong.yaml']]);
  assert.equal(data.diagnostics.length, 1);
  assert.equal(data.diagnostics[0]?.rule, 'unknown-key');
  assert.deepEqual(data.diagnostics[0]?.place, { file: 'wrong.yaml', line: 10, column: 5 });
});

test('validate -o json of a right file names its hash, the same for the same meaning', async () => {
  shop.write('small.yaml', SMALL);
  shop.write('same.yaml', SMALL.replace('# the shop', '# other words'));
  const hashes = [];
  for (const file of ['small.yaml', 'same.yaml']) {
    const { code, out } = await shop.run(['validate', '-c', file, '-o', 'json']);
    const data = JSON.parse(out) as { valid: boolean; hash: string };
    assert.deepEqual([code, data.valid], [0, true]);
    hashes.push(data.hash);
  }

  assert.match(hashes[0]!, /^[0-9a-f]{64}$/);
  assert.equal(hashes[0], hashes[1]);
});

test('bad input of every kind ends with 2 and a diagnostic, never a stack trace', async () => {
  shop.write('empty.yaml', '');
  shop.write('tabs.yaml', 'listeners:\n\t- name: x\n');
  shop.write('binary.yaml', '\u0000\u0001\u0002\ufffd');
  shop.write('loop.yaml', 'include: loop.yaml\n');
  for (const file of [
    'empty.yaml',
    'tabs.yaml',
    'binary.yaml',
    'loop.yaml',
    'missing.yaml',
    '.',
    '/dev/zero',
  ]) {
    const { code, out, err } = await shop.run(['validate', '-c', file]);
    assert.deepEqual([file, code, out], [file, 2, '']);
    assert.match(err, /^error\[[a-z-]+\]: /, file);
    assert.ok(!/^\s+at .*\.ts:\d+/m.test(err), `${file}: ${err}`);
  }
});

test('LBCTL_CONFIG names the file, and --config wins over it', async () => {
  shop.write('small.yaml', SMALL);
  const env = { LBCTL_CONFIG: 'small.yaml' };

  assert.equal((await shop.run(['validate'], { env })).code, 0);
  assert.equal((await shop.run(['validate', '-c', 'nowhere.yaml'], { env })).code, 2);
});

test('wrong use ends with 2 and suggests what was meant', async () => {
  const table: [string[], RegExp][] = [
    [['valdate'], /unknown command 'valdate'\n\(Did you mean validate\?\)/],
    [['plan', '--agianst', 'memory'], /unknown option '--agianst'\n\(Did you mean --against\?\)/],
    [['plan', '-o', 'xml'], /Allowed choices are table, json, yaml/],
    [['validate', '--config'], /argument missing/],
    [['import', 'keepalived'], /missing required argument 'file'/],
    [['fmt', '--check', '--write'], /cannot be used with option/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
    [['validate', 'surplus'], /too many arguments/],
    [[], /Usage: lbctl/],
    [['show'], /Usage: lbctl show/],
  ];
  for (const [args, message] of table) {
    const { code, out, err } = await shop.run(args);
    assert.deepEqual([args, code, out], [args, 2, '']);
    assert.match(err, message);
  }
});

test('help prints what --help of a command prints, and refuses a command that is none', async () => {
  for (const names of [[], ['plan'], ['show', 'world'], ['import', 'keepalived']]) {
    const asked = await shop.run(['help', ...names]);
    assert.deepEqual([asked.code, asked.err], [0, '']);
    assert.equal(asked.out, (await shop.run([...names, '--help'])).out);
  }

  const { code, out, err } = await shop.run(['help', 'show', 'nosuch']);

  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /Cannot help with "show nosuch"/);
  assert.match(err, /hint: Commands are intent, world/);
});

test('plan --against memory shows all of it, and the exit code tells of differences when asked', async () => {
  shop.write('small.yaml', SMALL);
  const args = ['plan', '-c', 'small.yaml', '--against', 'memory'];

  const plain = await shop.run(args);
  const detailed = await shop.run([...args, '--detailed-exitcode']);

  assert.deepEqual([plain.code, plain.err], [0, '']);
  assert.match(plain.out, /\+ member 10\.0\.0\.11:80/);
  assert.match(plain.out, /Plan: 4 to add, 0 to change, 0 to remove/);
  assert.deepEqual([detailed.code, detailed.out], [3, plain.out]);
});

test('plan --against FILE compares with what "show items" wrote', async () => {
  shop.write('small.yaml', SMALL);
  shop.write('grown.yaml', `${SMALL.replace('port: 80 }\n      - {', 'port: 80, weight: 5 }\n      - {')}`);
  const items = await shop.run(['show', 'items', '-c', 'small.yaml']);
  shop.write('now.json', items.out);

  const same = await shop.run(['plan', '-c', 'small.yaml', '--against', 'now.json', '--detailed-exitcode']);
  const other = await shop.run([
    'plan',
    '-c',
    'grown.yaml',
    '--against',
    'now.json',
    '-o',
    'json',
    '--detailed-exitcode',
  ]);

  assert.deepEqual([same.code, same.out], [0, 'No changes: 4 objects are as wanted\n']);
  assert.equal(other.code, 3);
  const data = JSON.parse(other.out) as { summary: Record<string, number>; steps: Record<string, unknown>[] };
  assert.deepEqual([data.summary.change, data.summary.add, data.summary.unchanged], [1, 0, 3]);
  assert.deepEqual(data.steps[0]?.changes, ['weight']);
});

test('plan refuses a file that is no snapshot', async () => {
  shop.write('small.yaml', SMALL);
  shop.write('other.json', '{"format":"steelyard-items","version":1,"drivers":{"nginx":{"items":[]}}}');
  for (const file of ['small.yaml', 'other.json']) {
    const { code, err } = await shop.run(['plan', '-c', 'small.yaml', '--against', file]);
    assert.equal(code, 2, file);
    assert.match(err, /^error\[USAGE\]: Cannot /);
  }
  const gone = await shop.run(['plan', '-c', 'small.yaml', '--against', 'gone.json']);
  assert.equal(gone.code, 2);
  assert.match(gone.err, /^error\[CONFIG_UNREADABLE\]: Cannot read "gone\.json"/);
});

test('apply --engine-override memory applies and shows what it observes then', async () => {
  shop.write('small.yaml', SMALL);
  const args = ['apply', '-c', 'small.yaml', '--engine-override', 'memory'];

  const text = await shop.run(args);
  const data = await shop.run([...args, '-o', 'yaml']);

  assert.deepEqual([text.code, text.err], [0, '']);
  assert.match(text.out, /Applied: 4 done, 0 failed\n/);
  assert.match(text.out, /Observed on memory:\n(.*\n)*listener tcp\/192\.0\.2\.10:80/);
  const outcome = parse(data.out) as { applied: number; failed: unknown[]; observed: { memory: unknown[] } };
  assert.deepEqual([outcome.applied, outcome.failed, outcome.observed.memory.length], [4, [], 4]);
});

test('apply holds back what a guard forbids, ends with 1, and --force confirms it', async () => {
  const second = '  - { name: second, vip: www, port: 81, members: [{ address: 10.0.0.11, port: 81 }] }\n';
  shop.write('guarded.yaml', `${SMALL}${second}guard: { max_add_listeners: 1 }\n`);
  const args = ['apply', '-c', 'guarded.yaml', '--engine-override', 'memory'];

  const held = await shop.run(args);
  const forced = await shop.run([...args, '--force']);

  assert.equal(held.code, 1);
  assert.match(held.out, /Applied: 1 done, 0 failed, 5 held back/);
  assert.equal(forced.code, 0);
  assert.match(forced.out, /Applied: 6 done, 0 failed\n/);
});

test('apply and plan take a listener that is disabled for what it is', async () => {
  const off =
    '  - { name: off, vip: www, port: 81, enabled: false, members: [{ address: 10.0.0.11, port: 81 }] }\n';
  shop.write('off.yaml', SMALL + off);
  for (const verb of ['apply', 'plan']) {
    const { code, out, err } = await shop.run([verb, '-c', 'off.yaml', '--engine-override', 'memory']);

    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /Plan: 4 to add, 0 to change, 0 to remove\n/);
    assert.doesNotMatch(out, /no place/);
  }
});

test('show world and show intent narrow to listeners, and an unknown one ends with 4', async () => {
  shop.write('small.yaml', SMALL);

  const world = await shop.run(['show', 'world', 'web', '-c', 'small.yaml', '-o', 'json']);
  const intent = await shop.run(['show', 'intent', '-c', 'small.yaml']);
  const unknown = await shop.run(['show', 'world', 'wbe', '-c', 'small.yaml']);
  const asData = await shop.run(['show', 'intent', 'wbe', '-c', 'small.yaml', '-o', 'json']);

  const { listeners } = JSON.parse(world.out) as { listeners: { key: string }[] };
  assert.deepEqual(
    listeners.map((one) => one.key),
    ['tcp/192.0.2.10:80'],
  );
  assert.equal((parse(intent.out) as { listeners: { web: { pool: string } } }).listeners.web.pool, 'web');
  assert.equal(unknown.code, 4);
  assert.match(unknown.err, /^error\[NOT_FOUND\]: .*"wbe".*\n {2}hint: Listeners are web\n$/);
  assert.deepEqual([asData.code, asData.err], [4, '']);
  assert.equal((JSON.parse(asData.out) as { error: { code: string } }).error.code, 'NOT_FOUND');
});

test('show intent never prints a secret', async () => {
  shop.write('key', 'tops3cret\n');
  chmodSync(join(shop.folder, 'key'), 0o600);
  const influx = 'influxdb: { url: "http://127.0.0.1:8086", org: o, bucket: b, token: { file: KEY } }';
  shop.write('secret.yaml', `${SMALL}metrics: { ${influx.replace('KEY', join(shop.folder, 'key'))} }\n`);
  for (const format of ['json', 'yaml']) {
    const { code, out, err } = await shop.run(['show', 'intent', '-c', 'secret.yaml', '-o', format]);
    assert.equal(code, 0, err);
    assert.ok(!`${out}${err}`.includes('tops3cret'));
    assert.match(out, /\[redacted\]/);
  }
});

test('show schema prints the schema that the documents hold', async () => {
  const { out } = await shop.run(['show', 'schema']);
  const committed = readFileSync(join(ROOT, 'docs/reference/config.schema.json'), 'utf8');

  assert.deepEqual(JSON.parse(out), JSON.parse(committed));
});

test('fmt checks, shows and writes', async () => {
  const old =
    '# kept\nservices:\n  - name: web\n    vip: 192.0.2.10\n    port: 80\n    backends: [{ ip: 10.0.0.1 }]\n';
  shop.write('old.yaml', old);
  chmodSync(join(shop.folder, 'old.yaml'), 0o640);

  const check = await shop.run(['fmt', '--check', 'old.yaml']);
  const diff = await shop.run(['fmt', '--diff', 'old.yaml']);
  const print = await shop.run(['fmt', 'old.yaml']);
  assert.deepEqual([check.code, check.out], [3, 'old.yaml\n']);
  assert.match(diff.out, /^--- old\.yaml\n\+\+\+ old\.yaml\n@@ .*\n(.*\n)*-services:\n(.*\n)*\+listeners:\n/);
  assert.match(print.out, /^# kept\n/);
  assert.equal(readFileSync(join(shop.folder, 'old.yaml'), 'utf8'), old, 'nothing written yet');

  const write = await shop.run(['fmt', '--write', 'old.yaml']);
  assert.deepEqual([write.code, write.out], [0, 'old.yaml\n']);
  assert.equal(readFileSync(join(shop.folder, 'old.yaml'), 'utf8'), print.out);
  assert.equal(statSync(join(shop.folder, 'old.yaml')).mode & 0o777, 0o640);
  assert.equal((await shop.run(['fmt', '--check', 'old.yaml'])).code, 0);
  assert.deepEqual(
    readdirSync(shop.folder).filter((name) => name.includes('.tmp')),
    [],
  );
});

test('fmt -o json tells of each file, and of every broken one after the others', async () => {
  shop.write('fine.yaml', SMALL);
  shop.write('fine.yaml', (await shop.run(['fmt', 'fine.yaml'])).out);
  shop.write('other.yaml', `${SMALL}\n\n`);
  shop.write('broken.yaml', 'listeners: [');

  const check = await shop.run(['fmt', '--check', '-o', 'json', 'fine.yaml', 'other.yaml']);
  assert.equal(check.code, 3);
  assert.deepEqual(JSON.parse(check.out), [
    { file: 'fine.yaml', canonical: true, written: false },
    { file: 'other.yaml', canonical: false, written: false },
  ]);

  const mixed = await shop.run(['fmt', '--check', 'broken.yaml', 'other.yaml']);
  assert.deepEqual([mixed.code, mixed.out], [2, 'other.yaml\n']);
  assert.match(mixed.err, /broken\.yaml:1:/);
});

test('import --report -o json gives the report as data, and refuses what is no format', async () => {
  shop.write('small.conf', 'global_defs { router_id lb1 }\nno_such_directive 1\n');

  const report = await shop.run(['import', 'keepalived', 'small.conf', '--report', '-o', 'json']);
  const notes = JSON.parse(report.out) as { kind: string; line: number; directive: string }[];
  assert.equal(report.code, 0);
  assert.deepEqual(
    notes.filter(({ kind }) => kind === 'not carried').map(({ line, directive }) => [line, directive]),
    [[2, 'no_such_directive']],
  );
  const wrong = await shop.run(['import', 'keepalived', 'small.conf', '--report', '-o', 'report.txt']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /USAGE.*"report\.txt"/);
});

test('import keepalived writes a file that loads, and reports what it could not carry over', async () => {
  shop.write(
    'keepalived.conf',
    [
      'global_defs { router_id lb1 }',
      'virtual_server 192.0.2.10 80 {',
      '  lb_algo wrr',
      '  lb_kind NAT',
      '  protocol TCP',
      '  no_such_directive 1',
      '  real_server 10.0.0.1 80 { weight 2 TCP_CHECK { connect_timeout 3 } }',
      '}',
      '',
    ].join('\n'),
  );

  const ran = await shop.run(['import', 'keepalived', 'keepalived.conf', '-o', 'imported.yaml']);
  const report = await shop.run(['import', 'keepalived', 'keepalived.conf', '--report']);
  const valid = await shop.run(['validate', '-c', 'imported.yaml']);

  assert.deepEqual([ran.code, ran.out], [0, '']);
  assert.match(ran.err, /keepalived\.conf:6: not carried no_such_directive/);
  assert.match(report.out, /keepalived\.conf:6: not carried no_such_directive/);
  assert.equal(valid.code, 0, valid.err);
});

test('import keepalived tells of includes that are no text with one fault each, and reads large ones', async () => {
  shop.write('binary.conf', '}\0}\0{');
  shop.write('dir.conf/inside', '');
  shop.write('large.conf', `global_defs { router_id lb7 }\n${'# twenty characters\n'.repeat(100_000)}`);
  shop.write('outer.conf', 'include binary.conf\ninclude dir.conf\ninclude large.conf\n');

  const { code, err } = await shop.run(['import', 'keepalived', 'outer.conf']);

  assert.equal(code, 2);
  assert.match(err, /Cannot include binary\.conf: .*zero byte/);
  assert.match(err, /Cannot include dir\.conf: it is no regular file/);
  assert.match(err, /2 errors in 1 file\n/);
});

test('import keepalived --config-id chooses the lines of one machine', async () => {
  shop.write(
    'pair.conf',
    [
      'vrrp_instance VI_1 {',
      '  interface eth0',
      '  virtual_router_id 51',
      '  @main priority 150',
      '  @backup priority 100',
      '  virtual_ipaddress { 192.0.2.10/24 }',
      '}',
      '',
    ].join('\n'),
  );

  const ran = await shop.run(['import', 'keepalived', 'pair.conf', '--config-id', 'backup']);

  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.out, /role: secondary/);
  assert.match(ran.err, /pair\.conf:4: not carried priority: the condition @main does not hold/);
});

test('writing where it is not allowed says so and leaves nothing behind', async () => {
  shop.write('keepalived.conf', 'global_defs { router_id lb1 }\n');

  const { code, err } = await shop.run([
    'import',
    'keepalived',
    'keepalived.conf',
    '-o',
    '/proc/no/file.yaml',
  ]);

  assert.equal(code, 1);
  assert.match(err, /error\[\w+\]: Cannot write "\/proc\/no\/file\.yaml": ENOENT/);
});

test('colour goes to terminals only, unless asked for', async () => {
  shop.write('small.yaml', SMALL);
  const plan = ['plan', '-c', 'small.yaml', '--against', 'memory'];

  assert.ok(!(await shop.run(plan)).out.includes(ESCAPE), 'a pipe');
  assert.ok((await shop.run([...plan, '--color', 'always'])).out.includes(ESCAPE), 'asked for');
  const env = { NO_COLOR: '1' };
  assert.ok((await shop.run([...plan, '--color=always'], { env })).out.includes(ESCAPE), 'the option wins');
  const wrong = await shop.run(['validate', '-c', 'nowhere.yaml', '--color', 'always']);
  assert.ok(wrong.err.includes(ESCAPE));
});

test('a reader that has seen enough is no error', async () => {
  const examples = join(ROOT, 'examples/everything.yaml');

  const ran = await shop.exec('bash', [
    '-o',
    'pipefail',
    '-c',
    `for i in 1 2 3; do lbctl show schema | head -n 1; lbctl show intent -c ${examples} -o json | true; done`,
  ]);

  assert.equal(ran.code, 0, ran.err);
  assert.ok(!/EPIPE|at .*\.ts/.test(ran.err), ran.err);
});

test('examples of every engine plan on the command line as they do in their own test', async () => {
  for (const file of [
    'two-web-servers.yaml',
    'tls-termination.yaml',
    'keepalived-pair.yaml',
    'everything.yaml',
  ]) {
    const args = ['plan', '-c', join(ROOT, 'examples', file), '--against', 'memory'];
    const { code, out, err } = await shop.run(args, { env: { VRRP_PASSWORD: 'x', TOR1_PASSWORD: 'x' } });
    assert.equal(code, 0, `${file}\n${out}\n${err}`);
    assert.match(out, /Plan: \d+ to add/, file);
  }
});

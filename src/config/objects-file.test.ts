import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { type ApiObject, objectsFile } from './objects-file.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

const MAIN = `
network: { frontend: { interface: eth0 } }
pools: [{ name: web, members: [{ address: 10.0.0.1, port: 80 }] }]
listeners: [{ name: www, vip: 192.0.2.1, port: 80, pool: web }]
`;

function load(objects: readonly ApiObject[], more = '') {
  const main = parseYaml({ file: 'a.yaml', text: MAIN + more, role: 'main' });
  assert.ok(main.ok);
  return loadConfig([main.file, objectsFile(objects)], { SECRET: 'told' });
}

const pool = (name: string, spec: Record<string, unknown>): ApiObject => ({ section: 'pools', name, spec });
const errorsOf = (loaded: ReturnType<typeof load>) =>
  loaded.diagnostics
    .filter((one) => one.severity === 'error')
    .map(({ rule, path, message }) => [rule, path, message]);

test('objectsFile() lets a listener of the API use a pool of a file', () => {
  const { intent, diagnostics } = load([
    { section: 'listeners', name: 'api', spec: { vip: '192.0.2.2', port: 81, pool: 'web' } },
  ]);

  assert.deepEqual([...intent!.listeners.keys()], ['www', 'api']);
  assert.deepEqual(diagnostics, []);
});

test('objectsFile() names an object where a file has lines', () => {
  const loaded = load([
    pool('other', { members: [{ address: '10.0.0.2', wieght: 3 }] }),
    { section: 'listeners', name: 'clash', spec: { vip: '192.0.2.1', port: 80, pool: 'web' } },
  ]);

  assert.deepEqual(errorsOf(loaded)[0], [
    'unknown-key',
    'pools.other.members[0].wieght',
    'Unknown key "wieght"',
  ]);
  const [rule, path, message] = errorsOf(loaded)[1]!;
  assert.deepEqual([rule, path], ['port-clash', 'listeners.clash.port']);
  assert.match(message!, /the other stands at a\.yaml:4:\d+$/);
});

test('objectsFile() gives nothing of the environment away', () => {
  const { intent } = load([
    pool('web2', { members: [{ address: '10.0.0.2' }], health: { type: 'http', host: '${SECRET}' } }),
  ]);

  const check = intent!.pools.get('web2')!.checks[0] as { host?: string };
  assert.equal(check.host, '${SECRET}');
});

test('loadConfig() lets an API object stand above one of a file only where it is told so', () => {
  const objects = [pool('web', { members: [{ address: '10.0.0.9', port: 80 }] })];

  assert.deepEqual(
    errorsOf(load(objects)).map(([rule, path]) => [rule, path]),
    [['duplicate-name', 'pools.web.name']],
  );
  const shadowed = load(objects, 'api: { writable_files: true }');
  assert.equal(shadowed.intent?.pools.get('web')?.members[0]?.address, '10.0.0.9');
  assert.deepEqual(
    shadowed.written.map(({ section, name }) => [section, name]),
    [
      ['listeners', 'www'],
      ['pools', 'web'],
    ],
  );
});

test('loadConfig() gives what did not change as the same objects, and says the same of it', () => {
  const main = parseYaml({
    file: 'a.yaml',
    text: MAIN.replace('pool: web }]', 'pool: web }, { name: dup, vip: 192.0.2.1, port: 80, pool: web }]'),
    role: 'main',
  });
  assert.ok(main.ok);
  const env = {};
  const api = (port: number) => objectsFile([pool('mine', { members: [{ address: '10.0.0.5', port }] })]);
  const first = loadConfig([main.file, api(80)], env);
  const again = loadConfig([main.file, api(80)], env);
  assert.deepEqual(again.diagnostics, first.diagnostics);
  assert.ok(first.diagnostics.some(({ rule }) => rule === 'port-clash'));

  const good = parseYaml({ file: 'b.yaml', text: MAIN, role: 'main' });
  assert.ok(good.ok);
  const one = loadConfig([good.file, api(80)], env);
  const same = loadConfig([good.file, api(80)], env);
  const other = loadConfig([good.file, api(81)], env);
  assert.equal(one.hash, same.hash);
  assert.notEqual(one.hash, other.hash);
  assert.equal(other.intent!.pools.get('web'), one.intent!.pools.get('web'));
  assert.equal(other.intent!.listeners.get('www'), one.intent!.listeners.get('www'));
  assert.equal(other.intent!.pools.get('mine')!.members[0]!.port, 81);
  // Another environment is another reading.
  assert.equal(loadConfig([good.file], {}).intent!.pools.get('web')?.name, 'web');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import type { ParsedFile } from './source.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

function read(text: string, file = 'a.yaml'): ParsedFile {
  const parsed = parseYaml({ file, text, role: 'main' });
  assert.ok(parsed.ok);
  return parsed.file;
}

function site(weight: number, more = ''): string {
  const listener = (name: string, port: number, own: number) =>
    `  - { name: ${name}, vip: 192.0.2.1, port: ${port}, members: [{ address: 10.0.0.1, port: 80, weight: ${own} }] }\n`;
  return `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
engine: ipvs
mode: nat
listeners:
${listener('one', 80, weight)}${listener('two', 81, 1)}${more}`;
}

const env = {};

test('loadConfig() makes nothing anew of objects that say what they said before, wherever they stand now', () => {
  const first = read(site(1));
  const before = loadConfig([first], env).intent!;

  const second = read(`# a line more\n${site(2)}`);
  const { intent, hash } = loadConfig([second], env, { before: [first] });

  assert.equal(intent!.listeners.get('two'), before.listeners.get('two'));
  assert.equal(intent!.pools.get('two'), before.pools.get('two'));
  assert.equal(intent!.pools.get('one')!.members[0]!.weight, 2);
  assert.equal(hash, loadConfig([read(site(2))], env).hash);
});

test('loadConfig() tells faults at the places of the new text', () => {
  const first = read(site(1));
  loadConfig([first], env);
  const twice = site(
    1,
    '  - { name: two, vip: 192.0.2.1, port: 81, members: [{ address: 10.0.0.1, port: 80, weight: 1 }] }\n',
  );

  const { diagnostics } = loadConfig([read(`\n\n${twice}`)], env, { before: [first] });

  assert.deepEqual(diagnostics, loadConfig([read(`\n\n${twice}`)], env).diagnostics);
  assert.ok(diagnostics.some(({ rule, place }) => rule === 'duplicate-name' && place?.line === 11));
});

test('loadConfig() follows what an unchanged object rests on', () => {
  const first = read(site(1));
  loadConfig([first], env);
  const other = read(site(1).replace('mode: nat', 'mode: onearm'));

  const { intent } = loadConfig([other], env, { before: [first] });

  assert.equal(intent!.listeners.get('two')!.mode, 'onearm');
});

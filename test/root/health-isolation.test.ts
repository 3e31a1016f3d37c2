// What wedges a process elsewhere does not wedge checks: a resolver that never answers, and hardly any descriptors.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const LBCTL = join(import.meta.dirname, '../../lbctl');
const folder = mkdtempSync(join(tmpdir(), 'lbctl-isolation-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A line for each question, and never an answer. */
const SILENT_DNS = `require('node:dgram').createSocket('udp4').on('message', () => console.log('asked')).bind(53, '127.0.0.1')`;

/** Runs in a network and with mounts of its own; what it said is read by `saw`. */
function run(script: string) {
  const argv = [
    '--mount',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
    'sh',
    '-ec',
  ];
  const child = spawn('unshare', [...argv, `ip link set lo up\n${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    child,
    never(pattern: RegExp): void {
      assert.doesNotMatch(text, pattern);
    },
    /** Waits for as many matches, for at most a minute. */
    async saw(pattern: RegExp, count = 1): Promise<readonly string[]> {
      for (let i = 0; i < 3000; i++) {
        const found = text.match(new RegExp(pattern, 'gm')) ?? [];
        if (found.length >= count) return found;
        await sleep(20);
      }
      return assert.fail(`no ${pattern} in\n${text}`);
    },
  };
}

function configure(name: string, rest: string): string {
  const path = join(folder, `${name}.yaml`);
  const system = `system: { state_dir: ${folder}/${name}, run_dir: ${folder}/${name} }\napi: { socket: ${folder}/${name}.sock }`;
  writeFileSync(
    path,
    `version: 1\nnode: { name: lb, role: single }\nnetwork: { frontend: { interface: lo } }\n${system}\n${rest}`,
  );
  return path;
}

test('a resolver that never answers delays no check, of a file neither', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  writeFileSync(first, '1');
  writeFileSync(second, '-1');
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n');
  const hooks = Array.from({ length: 8 }, (_, i) => `{ url: http://hook${i}.example/, timeout: 60s }`);
  const member = (file: string, port: number) =>
    `{ address: 127.0.0.1, port: ${port}, health: [{ type: file, path: ${file}, interval: 200ms, fall: 1, rise: 1 }] }`;
  const config = configure(
    'resolver',
    `notifications: { webhooks: [${hooks.join(', ')}] }
listeners:
  - { name: web, vip: 192.0.2.9, port: 80, members: [${member(first, 1)}, ${member(second, 2)}] }
`,
  );
  const { child, saw } = run(`
    mount --bind ${folder}/resolv.conf /etc/resolv.conf
    ${process.execPath} -e "${SILENT_DNS}" &
    exec ${LBCTL} daemon -c ${config} --engine-override memory`);
  await saw(/:1 .*to=InService/);
  await saw(/:2 .*to=CheckFailed/);

  writeFileSync(first, '-1');
  // More names than libuv has threads, of which it leaves half to files; each of them waits for minutes.
  await saw(/^asked$/, 5);
  writeFileSync(second, '1');

  // That it is seen up says that the file was read: one that cannot be read in time is a failed check.
  await saw(/:2 .*to=InService/);
  child.kill('SIGKILL');
});

test('checks that hold more descriptors than there are wait for each other, fail no member, and the log says why', async () => {
  // Members that never answer hold all places until their timeout; those that do answer must be seen up all the same.
  const silent = Array.from({ length: 150 }, (_, i) => `{ address: 127.0.1.${i + 1}, port: 81 }`);
  const checks = (every: string) =>
    `[{ type: tcp, expect: hello, interval: ${every}, timeout: ${every}, fall: 3, rise: 1 }]`;
  const well = Array.from({ length: 20 }, (_, i) => `{ address: 127.0.2.${i + 1}, port: 82 }`);
  const config = configure(
    'files',
    `listeners:
  - { name: silent, vip: 192.0.2.9, port: 80, health: ${checks('1s')}, members: [${silent.join(', ')}] }
  - { name: well, vip: 192.0.2.9, port: 81, health: ${checks('5s')}, members: [${well.join(', ')}] }
`,
  );
  const members = `const net = require('node:net'); net.createServer((s) => s.on('error', () => {}).resume()).listen(81);
    net.createServer((s) => s.on('error', () => {}).resume().end('hello')).listen(82)`;
  const { child, saw, never } = run(`
    ${process.execPath} -e "${members}" &
    ulimit -n 120
    exec ${LBCTL} daemon -c ${config} --engine-override memory`);

  assert.match(
    (await saw(/.*health checks may come late.*/))[0]!,
    /Checks of 170 targets share 60 descriptors, as the limit of open files is 120/,
  );
  const up = await saw(/member=127\.0\.2\.\d+:82 .*to=InService/, 20);
  await saw(/member=127\.0\.1\.\d+:81 .*to=CheckFailed/, 150);

  assert.equal(new Set(up.map((line) => line.split(' ')[0])).size, 20);
  never(/:82 .*to=CheckFailed|descriptors:/);
  child.kill('SIGKILL');
});

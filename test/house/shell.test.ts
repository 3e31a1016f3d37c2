// The shell against a real daemon: scripts from a pipe, and all of it on a pseudo terminal with Tab and a history file.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Running, start } from './daemon-process.ts';
import { openShop, ROOT } from './run-lbctl.ts';

const LBCTL = join(ROOT, 'lbctl');
const shop = openShop();
let daemon: Running;
const socket = (): string => join(shop.folder, 'api.sock');

before(async () => {
  const path = shop.write(
    'config.yaml',
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(shop.folder, 'state')}, run_dir: ${join(shop.folder, 'run')} }
logging: { format: json }
api: { socket: ${socket()} }
metrics: { prometheus: { enabled: false } }
vips: [{ name: www, address: 192.0.2.10 }]
listeners: [{ name: web, vip: www, port: 80, members: [{ name: w1, address: 127.0.0.1, port: 8080 }] }]
`,
  );
  daemon = start(join(shop.folder, path));
  await daemon.next('ready');
});

async function listeners(): Promise<string[]> {
  const { out } = await shop.run(['show', 'services', '-o', 'json'], { env: { LBCTL_SOCKET: socket() } });
  return [...new Set([...out.matchAll(/"name": "(\w+)"/g)].map((one) => one[1]!))].filter(
    (one) => !/^w\d/.test(one),
  );
}

async function script(text: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(LBCTL, ['shell', '--socket', socket()], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  child.stdin.end(text);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

test('a script from a pipe is committed whole, and one with an error not at all', async () => {
  const good = await script(
    'configure\nservice dns\nprotocol udp\nports 53\nbackend 10.0.0.9\nexit\nservice two\nports 81\nbackend 10.0.0.8:80 3\nexit\nshow\nplan\ncommit\nshow services\n',
  );
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^add dns$/m);
  assert.match(good.out, /^\d+ to add, 0 to change, 0 to remove$/m);
  assert.match(good.out, /^revision \d+ is applied$/m);
  assert.match(good.out, /^dns +udp\/192\.0\.2\.10:53 /m);
  assert.match(good.out, /^two +tcp\/192\.0\.2\.10:81 /m);

  const bad = await script('configure\ndelete dns\nservice three\nports nine\ncommit\n');
  assert.equal(bad.code, 2);
  assert.match(bad.err, /^error\[USAGE\]: Cannot read port as 1\.\.65535: current value is "nine"/m);
  assert.ok((await listeners()).includes('dns'));

  const refused = await script('configure\nservice four\nports 53\nprotocol udp\nbackend 10.0.0.9\ncommit\n');
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /^error\[/m);
  const gone = await script('configure\ndelete dns\ndelete two\ncommit\n');
  assert.equal(gone.code, 0, gone.err);
  const left = await listeners();
  assert.ok(left.includes('web') && !left.includes('dns') && !left.includes('two'), left.join());
});

test('a script that ends before its commit says that nothing was done', async () => {
  const { code, err } = await script(
    'configure\nservice lost\nprotocol tcp\nports 83\nbackend 127.0.0.1 1\n',
  );
  assert.equal(code, 5);
  assert.match(
    err,
    /error\[CONFLICT\]: Cannot leave as changes are staged: current value is "lost"\n {2}hint: Say/,
  );
  assert.ok(!(await listeners()).includes('lost'));
});

test('on a terminal it completes, keeps a history, tells errors and goes on', async () => {
  const history = join(shop.folder, 'state/history');
  const child = spawn(
    'script',
    ['-qec', `stty rows 24 cols 120; '${LBCTL}' shell --socket '${socket()}'`, '/dev/null'],
    {
      env: { ...process.env, TERM: 'xterm', LBCTL_HISTORY: history },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let seen = '';
  let from = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const ended = once(child, 'exit');
  const until = async (pattern: RegExp): Promise<void> => {
    for (let i = 0; i < 500 && !pattern.test(seen.slice(from)); i++) await sleep(20);
    assert.match(seen.slice(from), pattern);
    from = seen.length;
  };
  const type = (text: string): void => void child.stdin.write(text);
  try {
    await until(/lbctl> /);
    type('configu\t');
    await until(/configure /);
    type('\r');
    await until(/lbctl\(config\)> /);
    type('nonsense\r');
    await until(/error\[USAGE\][\s\S]*lbctl\(config\)> /);
    type('service we\t');
    await until(/service web/);
    type('\x15service shop\r');
    await until(/lbctl\(config-svc shop\)> /);
    type('ports 8080\r');
    await until(/svc shop\)> /);
    type('back\t');
    await until(/backend /);
    type('10.0.0.7 2\rshow\r');
    await until(/weight: 2[\s\S]*lbctl\(config-svc shop\)> /);
    type('exit\rexit\r');
    await until(/Cannot leave as changes are staged: current value is "/);
    type('commit\r');
    await until(/revision \d+ is applied[\s\S]*lbctl> /);
    type('show services\r');
    await until(/shop +tcp\/192\.0\.2\.10:8080/);
    type('top\r');
    await until(/wants the terminal for itself/);
    type('configure\rdelete shop\rabort\r');
    await until(/1 staged services are forgotten[\s\S]*lbctl> /);
    type('exit\r');
    const [code] = await ended;
    assert.equal(code, 0);
    assert.ok((await listeners()).includes('shop'));
    assert.ok(existsSync(history));
    assert.equal(statSync(history).mode & 0o777, 0o600);
    assert.match(readFileSync(history, 'utf8'), /^service shop$/m);
  } finally {
    child.kill('SIGKILL');
  }
});

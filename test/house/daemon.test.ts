// The daemon as a process, on the memory engine: what it does at start, on signals, and after being killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../lab/until.ts';
import { start } from './daemon-process.ts';
import { listenForDatagrams } from './unix-datagrams.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-daemon-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

async function member(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return server;
}

function writeConfig(name: string, port: number, more = ''): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(
    path,
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(folder, name, 'state')}, run_dir: ${join(folder, name, 'run')} }
logging: { format: json }
api: { socket: ${join(folder, name, 'api.sock')} }
metrics: { prometheus: { enabled: false } }
vips: [{ name: web, address: 192.0.2.10 }]
listeners:
  - name: web
    vip: web
    port: 80
    members: [{ name: web1, address: 127.0.0.1, port: ${port} }]
    health: { type: tcp, interval: 100ms, timeout: 100ms, rise: 1, fall: 2 }
${more}`,
  );
  return path;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('lbctl daemon', () => {
  it('serves, sees a member go, and stops when told, with what it knows on disk', async () => {
    const server = await member();
    const config = writeConfig('plain', portOf(server));
    const daemon = start(config);
    await daemon.next('ready');
    assert.equal((await daemon.next('member changed')).to, 'InService');

    server.close();
    assert.equal((await daemon.next('member changed')).to, 'CheckFailed');
    daemon.child.kill('SIGTERM');

    assert.equal(await daemon.ended, 0);
    const again = start(config);
    await again.next('ready');
    await sleep(300);
    // Known to be down from before: nothing changed, so nothing is told.
    assert.deepEqual(
      again.lines.filter((line) => line.msg === 'member changed'),
      [],
    );
    again.child.kill('SIGTERM');
    assert.equal(await again.ended, 0);
  });

  it('keeps the old configuration on a broken file, and takes the next good one', async () => {
    const server = await member();
    const config = writeConfig('reload', portOf(server));
    const good = readFileSync(config, 'utf8');
    const daemon = start(config);
    await daemon.next('ready');

    writeFileSync(config, good.replace('port: 80', 'port: eighty'));
    daemon.child.kill('SIGHUP');
    assert.match(String((await daemon.next('config refused')).error), /reload\.yaml:\d+: /);
    writeFileSync(config, good.replace('port: 80', 'port: 81'));
    daemon.child.kill('SIGHUP');
    await daemon.next('config loaded');
    daemon.child.kill('SIGTERM');

    assert.equal(await daemon.ended, 0);
  });

  it('starts though it is told to reload before its first round, and stops when told then', async () => {
    const config = writeConfig('early', portOf(await member()));
    const daemon = start(config);
    await daemon.next('starting');
    daemon.child.kill('SIGHUP');
    await daemon.next('ready');
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);

    const short = start(config);
    await short.next('starting');
    short.child.kill('SIGTERM');
    assert.equal(await short.ended, 0);
  });

  it('hears files of a configuration that it refused', async () => {
    const server = await member();
    const config = writeConfig('heard', portOf(server));
    const daemon = start(config);
    await daemon.next('ready');
    const parts = join(folder, 'parts/dns.conf');
    mkdirSync(join(folder, 'parts'));
    writeFileSync(parts, 'vips: [{ name: dns, address: 192.0.2.300 }]\n');
    writeFileSync(config, `include: [${parts}]\n${readFileSync(config, 'utf8')}`);
    await daemon.next('config refused');

    writeFileSync(parts, 'vips: [{ name: dns, address: 192.0.2.30 }]\n');

    await daemon.next('config loaded');
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  });

  it('refuses to run twice, and starts at once after being killed', async () => {
    const server = await member();
    const config = writeConfig('twice', portOf(server));
    const first = start(config);
    await first.next('ready');

    const second = start(config);
    assert.equal(await second.ended, 5);
    const other = join(folder, 'twice-other.yaml');
    // Only what is kept is shared.
    writeFileSync(
      other,
      readFileSync(config, 'utf8').replaceAll('twice/run', 'other/run').replaceAll('twice/api', 'other/api'),
    );
    assert.equal(await start(other).ended, 5);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = start(config);
    await third.next('ready');
    third.child.kill('SIGTERM');

    assert.equal(await third.ended, 0);
  });

  it('ends when another daemon answers on its socket, and leaves nothing locked', async () => {
    const server = await member();
    const first = start(writeConfig('answers', portOf(server)));
    await first.next('ready');
    const socket = join(folder, 'answers', 'api.sock');
    const config = writeConfig('late', portOf(server));
    writeFileSync(config, readFileSync(config, 'utf8').replace(/socket: \S+/, `socket: ${socket}`));

    assert.equal(await start(config).ended, 5);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 0);

    const third = start(config);
    await third.next('ready');
    third.child.kill('SIGTERM');
    assert.equal(await third.ended, 0);
  });

  it('tells its supervisor how it fares', async () => {
    const server = await member();
    const notify = listenForDatagrams(join(folder, 'notify'));
    const config = writeConfig('supervised', portOf(server), 'daemon: { reconcile_interval: 1h }\n');
    process.env.NOTIFY_SOCKET = notify.path;
    process.env.WATCHDOG_USEC = '1000000';
    const daemon = start(config);
    delete process.env.NOTIFY_SOCKET;
    delete process.env.WATCHDOG_USEC;

    await daemon.next('ready');
    const count = (pattern: RegExp) => notify.told().filter((text) => pattern.test(text)).length;
    // Also where rounds are seldom.
    await until('signs of life', () => count(/^WATCHDOG=1$/) >= 3);
    daemon.child.kill('SIGHUP');
    await until(
      'a reload, and its end',
      () => count(/^RELOADING=1\nMONOTONIC_USEC=\d+$/) === 1 && count(/^READY=1\n/) === 2,
    );
    daemon.child.kill('SIGTERM');
    await daemon.ended;
    const told = notify.close();

    assert.match(told[0]!, /^READY=1\nSTATUS=1 listeners, /);
    assert.match(told.at(-1)!, /^STOPPING=1\n/);
  });

  it('follows a reload with its socket: its mode at once, its path with the answer on the old one', async () => {
    const server = await member();
    const path = writeConfig('moving', portOf(server), 'daemon: { watch_files: false }');
    const daemon = start(path);
    await daemon.next('ready');
    const [old, other] = [join(folder, 'moving/api.sock'), join(folder, 'moving/other.sock')];
    const lbctl = (socket: string, ...args: string[]) =>
      spawnSync(join(import.meta.dirname, '../../lbctl'), [...args, '--socket', socket], {
        encoding: 'utf8',
      });
    const rewrite = (api: string): void =>
      writeFileSync(path, readFileSync(path, 'utf8').replace(/^api: .*$/m, `api: ${api}`));

    rewrite(`{ socket: ${old}, socket_mode: "0600" }`);
    const narrowed = lbctl(old, 'reload');
    const mode = statSync(old).mode & 0o777;
    rewrite(`{ socket: ${other} }`);
    const moved = lbctl(old, 'reload');
    const there = lbctl(other, 'status');
    const audit = lbctl(other, 'audit', 'list', '-o', 'json');

    assert.deepEqual([narrowed.status, moved.status, there.status], [0, 0, 0], moved.stderr + there.stderr);
    assert.equal(mode, 0o600);
    assert.equal(existsSync(old), false);
    const changes = (JSON.parse(audit.stdout) as { change: unknown }[]).map(({ change }) => change);
    assert.deepEqual(changes, [
      { asked: {}, before: { revision: 1 }, after: { revision: 2 } },
      { asked: {}, before: { revision: 2 }, after: { revision: 3 } },
    ]);
    // Folders are not moved while files are open in them, and that is told.
    writeFileSync(path, readFileSync(path, 'utf8').replace('moving/state', 'moving/later'));
    assert.equal(lbctl(other, 'reload').status, 0);
    const told = await daemon.next('a path is changed by the next start only');
    assert.equal(told.wanted, join(folder, 'moving/later'));
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  });

  it('goes on though its log goes to a full disk', async () => {
    const config = writeConfig('full', portOf(await member()));
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      join(import.meta.dirname, '../../lbctl'),
      ['daemon', '-c', config, '--engine-override', 'memory'],
      {
        stdio: ['ignore', full, 'inherit'],
      },
    );
    const ended = once(child, 'exit');
    closeSync(full);
    const socket = join(folder, 'full/api.sock');
    for (let i = 0; i < 200 && child.exitCode === null && !existsSync(socket); i++) await sleep(50);
    await sleep(1000);
    assert.equal(child.exitCode, null);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });

  it('makes its socket again that somebody removed, and serves metrics once the port is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = portOf(taken);
    const path = writeConfig('returns', portOf(await member()));
    writeFileSync(path, readFileSync(path, 'utf8').replace('enabled: false', `port: ${port}`));
    const daemon = start(path);
    await daemon.next('metrics are not served');
    await daemon.next('ready');
    const told = spawnSync(
      join(import.meta.dirname, '../../lbctl'),
      ['status', '--socket', join(folder, 'returns/api.sock')],
      { encoding: 'utf8' },
    );
    assert.match(told.stdout, /^trouble: Cannot serve metrics on .*EADDRINUSE.*\n {2}hint: Free the port/m);
    taken.close();
    const socket = join(folder, 'returns/api.sock');
    rmSync(socket);

    await daemon.next('metrics are served');
    for (let i = 0; i < 100 && !existsSync(socket); i++) await sleep(50);
    const { status, stdout, stderr } = spawnSync(
      join(import.meta.dirname, '../../lbctl'),
      ['status', '--socket', socket],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout, /trouble/);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /^lbctl_build_info/m);
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  });
});

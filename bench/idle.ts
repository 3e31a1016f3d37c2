// What a daemon costs that has nothing to do but its checks: 1,000 listeners of 10 members, 10,000 checks every 10 seconds, as a
// process of its own started as an operator does.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bigSite } from '../test/fixtures/big-site.ts';
import { bareConnects } from './health/bare-connects.ts';
import { cpuMs, mapsMb, statusMb, threadMs } from './lib/process-cost.ts';
import { machine, publish, row } from './report.ts';

const LISTENERS = 1000;
const MEMBERS = 10;
/** Two beats of all checks: by then each has been asked, and what starting left behind is collected. */
const WARM_MS = 25_000;
const WATCH_MS = 60_000;
const BARE_SECONDS = 15;
const LBCTL = join(import.meta.dirname, '../lbctl');

const servers = spawn(process.execPath, [join(import.meta.dirname, 'health-members.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface(servers.stdout), 'line')) as [string];
const [port] = line.split(' ').map(Number) as [number, number];
const folder = mkdtempSync(join(tmpdir(), 'lbctl-bench-idle-'));
const config = join(folder, 'lb.yaml');
writeFileSync(config, bigSite({ folder, listeners: LISTENERS, members: MEMBERS, port }));
// Nothing of it leaves the process: the memory engine is the data plane.
const daemon = spawn(LBCTL, ['daemon', '-c', config, '--engine-override', 'memory'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const up = (): number => {
  const { stdout } = spawnSync(LBCTL, ['status', '--socket', join(folder, 'api.sock'), '-o', 'json'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (stdout === '') return 0;
  const { listeners } = JSON.parse(stdout) as { listeners: { members: { health: string }[] }[] };
  return listeners.flatMap(({ members }) => members).filter(({ health }) => health === 'up').length;
};
function threadShares(pid: string): [name: string, percent: number][] {
  const tookMs = performance.now() - began;
  return [...threadMs(pid)].map(([name, ms]) => [
    name,
    ((ms - (threadsBefore.get(name) ?? 0)) / tookMs) * 100,
  ]);
}

await sleep(WARM_MS);
// The lock names the daemon itself, not what started it.
const pid = readFileSync(join(folder, 'run/daemon.lock'), 'utf8').trim();
const [before, began] = [cpuMs(pid), performance.now()];
const threadsBefore = threadMs(pid);
await sleep(WATCH_MS);
const share = ((cpuMs(pid) - before) / (performance.now() - began)) * 100;
const [rss, peak] = [statusMb(pid, 'VmRSS'), statusMb(pid, 'VmHWM')];
const [anonymous, shared] = [mapsMb(pid, 'Anonymous'), mapsMb(pid, 'Rss') - mapsMb(pid, 'Anonymous')];
const threads = threadShares(pid);
const well = up();
daemon.kill('SIGTERM');
await once(daemon, 'exit');
const bare = bareConnects(port, folder, BARE_SECONDS);
servers.kill();
rmSync(folder, { recursive: true });

const good = publish({
  name: 'idle',
  conditions: { ...machine(), listeners: LISTENERS, members: LISTENERS * MEMBERS, seconds: WATCH_MS / 1000 },
  rows: [
    row('members that are up', well, '', `>= ${LISTENERS * MEMBERS}`),
    // The peer does nothing but the connects: what no daemon can be below on this machine in this hour.
    row('processor time, all threads', share, '% of a core', '< 10', bare),
    ...threads.map(([name, percent]) => row(`  of that, ${name}`, percent, '% of a core')),
    row('resident memory', rss, 'MB', '< 250'),
    row('  of that, its own', anonymous, 'MB'),
    row('  of that, pages of files', shared, 'MB'),
    row('the same at its highest', peak, 'MB'),
  ],
});
process.exitCode = good ? 0 : 1;

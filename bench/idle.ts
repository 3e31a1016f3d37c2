// What a daemon costs that has nothing to do but its checks: 1,000 listeners of 10 members, 10,000 checks every 10 seconds, as a
// process of its own started as an operator does.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bigSite } from '../test/fixtures/big-site.ts';
import { machine, publish, row } from './report.ts';

const LISTENERS = 1000;
const MEMBERS = 10;
/** Two beats of all checks: by then each has been asked, and what starting left behind is collected. */
const WARM_MS = 25_000;
const WATCH_MS = 60_000;
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
/** Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
const cpuMs = (pid: string): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
/** proc_pid_smaps(5): memory of its own, and pages of files that every process with them shares. */
const mbOf = (pid: string, name: string): number =>
  Number(
    new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1],
  ) / 1024;
const kbOf = (pid: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** By the name of the thread: those of V8 and libuv are many, and told together. */
function threadMs(pid: string): Map<string, number> {
  const shares = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
    const name = task === pid ? 'the main thread' : /\((.*)\)/.exec(text)![1]!;
    const fields = text.split(') ')[1]!.split(' ');
    shares.set(name, (shares.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10);
  }
  return shares;
}

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
const [rss, peak] = [kbOf(pid, 'VmRSS') / 1024, kbOf(pid, 'VmHWM') / 1024];
const [anonymous, shared] = [mbOf(pid, 'Anonymous'), mbOf(pid, 'Rss') - mbOf(pid, 'Anonymous')];
const threads = threadShares(pid);
const well = up();
daemon.kill('SIGTERM');
await once(daemon, 'exit');
servers.kill();
rmSync(folder, { recursive: true });

const good = publish({
  name: 'idle',
  conditions: { ...machine(), listeners: LISTENERS, members: LISTENERS * MEMBERS, seconds: WATCH_MS / 1000 },
  rows: [
    row('members that are up', well, '', `>= ${LISTENERS * MEMBERS}`),
    row('processor time, all threads', share, '% of a core', '< 10'),
    ...threads.map(([name, percent]) => row(`  of that, ${name}`, percent, '% of a core')),
    row('resident memory', rss, 'MB', '< 250'),
    row('  of that, its own', anonymous, 'MB'),
    row('  of that, pages of files', shared, 'MB'),
    row('the same at its highest', peak, 'MB'),
  ],
});
process.exitCode = good ? 0 : 1;

// The daemon that bench/api.ts asks: a real one on the memory driver, with 10,000 checks. Argument: folder, port of the members,
// listeners, members of each. It says when it serves, and at the end of its input what it did.
import { once } from 'node:events';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ConfigSource } from '../src/app/daemon/config/config-source.ts';
import { openSource } from '../src/app/daemon/config/open-source.ts';
import { Daemon } from '../src/app/daemon/daemon.ts';
import { memoryMachine } from '../src/app/machine.ts';
import { followLoad, keepHeapSmall } from '../src/app/small-heap.ts';
import { openRest } from '../src/doors/rest/open-rest.ts';
import { bigSite } from '../test/fixtures/big-site.ts';

// As the command does that starts it.
keepHeapSmall(['daemon']);
const [folder = '', ...counts] = process.argv.slice(2);
const [port = 0, listeners = 0, members = 0] = counts.map(Number);

/** The file as text that never was on disk: what is measured is the API. */
function sourceOf(text: string): ConfigSource {
  const real = openSource('bench.yaml', 'wished');
  return { ...real, read: async () => real.parse([{ file: 'bench.yaml', role: 'main', text }]) };
}

const source = sourceOf(bigSite({ folder, listeners, members, port }));
const first = source.load((await source.read()).files, []);
if (first.intent === undefined) throw new Error(JSON.stringify(first.diagnostics.slice(0, 3)));
const daemon = new Daemon({
  version: 'bench',
  source,
  intent: first.intent,
  openMachine: () => memoryMachine(),
  engine: 'memory',
  write: () => {},
});
const socket = join(folder, 'api.sock');
const rest = await openRest(daemon, { ...first.intent.api, socket }, { access: daemon.access });
await daemon.start();
const stopFollowing = followLoad();
process.stdout.write('serving\n');
setTimeout(begin, 11_000).unref();
let before = { rounds: 0, cpu: process.cpuUsage() };
const delay = monitorEventLoopDelay({ resolution: 5 });

/** The start is over: what is counted begins. */
function begin(): void {
  before = { rounds: daemon.round()?.number ?? 0, cpu: process.cpuUsage() };
  delay.enable();
}

await once(process.stdin.resume(), 'end');
const { user, system } = process.cpuUsage(before.cpu);
const told = {
  rounds: (daemon.round()?.number ?? 0) - before.rounds,
  revisions: daemon.config.revisionCount(),
  cpuMs: (user + system) / 1000,
  rssMb: process.memoryUsage.rss() / 1024 / 1024,
  longestMs: delay.max / 1e6,
};
stopFollowing();
await rest.close();
await daemon.stop();
process.stdout.write(`${JSON.stringify(told)}\n`);

// `make demo`: two real daemons in network namespaces, a story told with what a client saw. Cleans up however it ends.

import { join } from 'node:path';
import { probeIpvs } from '../../src/drivers/ipvs/open-ipvs.ts';
import { xdpFact } from '../../src/drivers/xdp/open-xdp.ts';
import { execSync } from '../process.ts';
import { DemoSite } from './site.ts';
import { raiseCurtain, type Scene, tellStory } from './story.ts';

const tell = (text: string): void => void process.stdout.write(text);
const why = cannotRun();
if (why !== undefined) {
  tell(
    `The live demo needs root on Linux, network namespaces and a data plane in the kernel; here ${why}.\n`,
  );
  tell('So this is the demo on the memory engine, which touches nothing.\n\n');
  process.exit(3);
}

const started = performance.now();
let site: DemoSite | undefined;
let closing: Promise<void> | undefined;
const close = (): Promise<void> => (closing ??= site?.close() ?? Promise.resolve());
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    tell('\nStopping and cleaning up ...\n');
    void close().then(() => process.exit(130));
  });
}

try {
  site = new DemoSite();
  await raiseCurtain(site, tell);
  if (process.argv.includes('--stay')) await stay(site);
  const scenes = await tellStory(site, tell);
  printTable(scenes);
  tell(`\n${((performance.now() - started) / 1000).toFixed(0)} s. Everything it made is gone again.\n`);
} catch (error) {
  if (closing === undefined) {
    process.stderr.write(`\nThe demo did not get to its end: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
} finally {
  await close();
}

/** Leaves it running until a signal ends it. */
async function stay(running: DemoSite): Promise<never> {
  const host = (name: string): string => `ip netns exec ${running.namespaceOf(name)}`;
  tell(`It runs until you press Ctrl-C. From another terminal:

  ${host('client')} curl http://192.0.2.10/     # ask the service
  ${host('lb-a')} ip address show eth0          # who has the address
  ${host('lb-a')} ip link set eth0 down         # take a node away
  $EDITOR ${running.node('lb-a').config}        # change something, then reload:
  kill -HUP ${running.node('lb-a').child.pid}
`);
  // A timer keeps the process; the signal handler ends it.
  return new Promise(() => setInterval(() => {}, 60_000));
}

/** In words that complete "here ...". */
function cannotRun(): string | undefined {
  if (process.platform !== 'linux') return `is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'is no root';
  const name = `sy-demo-probe-${process.pid}`;
  if (execSync(['ip', 'netns', 'add', name]).code !== 0) return 'namespaces cannot be made';
  execSync(['ip', 'netns', 'del', name]);
  const xdp = xdpFact(join(import.meta.dirname, '../../build/bpf/steelyard.bpf.o'));
  if (xdp.available || probeIpvs().available) return undefined;
  return `is neither XDP (${xdp.why}) nor IPVS`;
}

function printTable(scenes: readonly Scene[]): void {
  const width = Math.max(...scenes.map((scene) => scene.title.length));
  tell(`\n${'What happened'.padEnd(width)}  requests  failed  what came of it\n`);
  for (const { title, requests, failed, result } of scenes) {
    tell(
      `${title.padEnd(width)}  ${String(requests).padStart(8)}  ${String(failed).padStart(6)}  ${result}\n`,
    );
  }
}

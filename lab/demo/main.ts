// `make demo`: two real daemons in network namespaces, a story told with what a client saw. Cleans up however it ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { keepAwake } from '../keep-awake.ts';
import { whenAskedToEnd } from '../when-asked-to-end.ts';
import { whyNot } from './machine.ts';
import { DemoSite } from './site.ts';
import { raiseCurtain, type Scene, tellStory } from './story.ts';

const tell = (text: string): void => void process.stdout.write(text);
const why = await whyNot();
if (why !== undefined) {
  tell(`The live demo needs root on Linux, network namespaces and a data plane in the kernel, but ${why}.
So this is the demo on the memory engine: the same planning, and nothing of this machine is touched.
To see the live one, run "make demo" as root on Linux 5.15 or newer.
`);
  process.exit(3);
}

const SIGNAL_MS = 20;
/** 128 and SIGINT, as shells count. */
const INTERRUPTED = 130;
const started = performance.now();
let site: DemoSite | undefined;
let closing: Promise<void> | undefined;
const close = (): Promise<void> => (closing ??= site?.close() ?? Promise.resolve());
whenAskedToEnd(() => {
  if (closing === undefined) tell('\nStopping and cleaning up ...\n');
  void close().then(() => process.exit(INTERRUPTED));
});

const awake = keepAwake();
if (awake.loops.length > 0)
  tell(
    'This machine is a guest: its processors are kept awake meanwhile, as a host lends resting ones to others.\n',
  );
try {
  site = new DemoSite();
  site.build();
  // A signal that came while the network was built is heard here, before programs are started.
  await sleep(SIGNAL_MS);
  if (closing !== undefined) await closing.then(() => process.exit(INTERRUPTED));
  await raiseCurtain(site, tell);
  if (process.argv.includes('--stay')) {
    awake.end();
    await stay(site);
  }
  const scenes = await tellStory(site, tell);
  printTable(scenes);
  tell(`\n${((performance.now() - started) / 1000).toFixed(0)} s. Everything it made is gone again.\n`);
} catch (error) {
  // A command that a signal hit fails before the signal itself is heard.
  await sleep(SIGNAL_MS);
  if (closing === undefined) {
    process.stderr.write(`\nThe demo did not get to its end: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
} finally {
  awake.end();
  await close();
}

/** Leaves it running until a signal ends it. */
async function stay(running: DemoSite): Promise<never> {
  const host = (name: string): string => `ip netns exec ${running.host(name).namespace}`;
  tell(`It runs until you press Ctrl-C. From another terminal:

  ${host('client')} curl http://192.0.2.10/     # ask the service
  ${host('lb-a')} ip address show eth0          # who has the address
  ${host('lb-a')} ip link set eth0 down         # take a node away
  $EDITOR ${running.node('lb-a').config}        # change something, then reload:
  kill -HUP ${running.node('lb-a').child!.pid}
`);
  // A timer keeps the process; the signal handler ends it.
  return new Promise(() => setInterval(() => {}, 60_000));
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

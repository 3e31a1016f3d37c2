// Runs the real Ha in a host of a lab, for ha-node.ts: calls come in as lines of JSON, replies and events go out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadTexts } from '../src/config/load-text.ts';
import { EpochFile } from '../src/ha/epoch-store.ts';
import { Ha } from '../src/ha/ha.ts';
import type { HaWord } from '../src/ha/words.ts';
import { RouteKernel } from '../src/kernel/netlink/route-kernel.ts';
import { PacketNeighbours } from '../src/kernel/packet.ts';
import { SysctlFiles } from '../src/kernel/sysctl-files.ts';
import { systemClock } from '../src/lib/clock.ts';

const dir = process.argv[2]!;
const route = new RouteKernel();

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const ha = new Ha({
  clock: systemClock,
  runDir: join(dir, 'run'),
  route,
  neighbours: new PacketNeighbours(new SysctlFiles()),
  ...(process.argv[3] === undefined ? {} : { frrDir: process.argv[3] }),
  epochs: new EpochFile(join(dir, 'epochs.json')),
  onRole: () => {},
  onEvent: (event) => say({ event }),
});

async function load(file: string): Promise<void> {
  const { intent, diagnostics } = loadTexts([{ file, text: readFileSync(file, 'utf8'), role: 'main' }]);
  if (intent === undefined) throw new Error(diagnostics.map((one) => one.message).join('; '));
  await ha.setIntent(intent);
}

const CALLS: Readonly<Record<string, (argument: unknown) => unknown>> = {
  load: (file) => load(String(file)),
  tell: (word) => ha.tell(word as HaWord),
  status: () => ha.status(),
  maintenance: (on) => ha.setMaintenance(on === true),
  handover: () => ha.handover(),
  close: (how) => ha.close(how as 'leave' | 'hand-over'),
  /** Keeps the main thread busy, as a big diff would. */
  block: (ms) => {
    const end = performance.now() + Number(ms);
    while (performance.now() < end);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, name, argument } = JSON.parse(line) as { id: number; name: string; argument: unknown };
  try {
    say({ reply: { id, value: await CALLS[name]!(argument) } });
  } catch (error) {
    say({ reply: { id, error: error instanceof Error ? error.message : String(error) } });
  }
  if (name === 'close') break;
}
process.exit(0);

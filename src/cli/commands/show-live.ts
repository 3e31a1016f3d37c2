// lbctl show services, members, checks, connections, stats, rates and events: what a running daemon sees now.
import type { Command } from 'commander';
import type { Reader } from '../client.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import type { Made } from '../live-tables.ts';
import { type ListFormat, listOption } from '../output.ts';
import type { Session } from '../session.ts';
import { type WatchOptions, watchOption } from '../watch.ts';
import { addEventsTo } from './events.ts';

interface LiveOptions extends WatchOptions {
  readonly output: ListFormat;
}

const VIEWS = {
  services: 'listeners as the data plane has them',
  members: 'members: health, weight in the data plane, reason, override',
  checks: 'health checks: how many answers came, how long they took, with -o wide the histogram',
  connections: 'connections of each listener and member now',
  stats: 'counters of each listener and member since their row was made',
  'data-planes': 'where data planes are attached, how full their tables are, what became of packets',
  rates: 'connections, packets and bytes a second, over one second or between two looks of --watch',
} as const;
const WITHOUT = ' Without a daemon, what the machine itself holds and counts.';
type View = keyof typeof VIEWS;

export function addShowLive(show: Command, session: Session): void {
  for (const view of Object.keys(VIEWS) as View[])
    show
      .command(view)
      .summary(VIEWS[view].split(/[:;,]/, 1)[0]!)
      .description(
        `${VIEWS[view][0]!.toUpperCase()}${VIEWS[view].slice(1)}.${SEEN_WITHOUT_DAEMON.has(view) ? WITHOUT : ''}`,
      )
      .addOption(listOption())
      .addOption(watchOption())
      .addOption(socketOption())
      .action((options: LiveOptions, command: Command) => showView(view, options, session, command));
  addEventsTo(show.command('events'), session);
}

async function showView(view: View, options: LiveOptions, session: Session, command: Command): Promise<void> {
  const { NoDaemon } = await import('../client.ts');
  const { watching } = await import('../watch.ts');
  const client = await findDaemon(session, command);
  const make = await makerOf(view);
  const { output } = options;
  const show = (from: Reader) =>
    watching(options, session, async () => {
      const { liveText } = await import('../live-text.ts');
      return liveText(output, await make(from), session, command);
    });
  try {
    await show(client);
  } catch (error) {
    if (!(error instanceof NoDaemon) || !SEEN_WITHOUT_DAEMON.has(view)) throw error;
    const { countMachine, machineText, observeMachine, tellNoDaemon } = await import('../observe-machine.ts');
    if (view === 'services' || view === 'members') {
      const seen = await observeMachine(session, command);
      if (seen === undefined) throw error;
      tellNoDaemon(session, client.target);
      session.print(await machineText(seen, output));
      return;
    }
    let first = await countMachine(session, command);
    if (first === undefined) throw error;
    tellNoDaemon(session, client.target);
    await show({
      async get<T>() {
        const counted = first ?? (await countMachine(session, command));
        first = undefined;
        return counted as T;
      },
    });
  }
}

/** What the kernel itself can tell; the others only a daemon knows. */
const SEEN_WITHOUT_DAEMON: ReadonlySet<View> = new Set([
  'services',
  'members',
  'connections',
  'stats',
  'rates',
]);

/** What is asked of the daemon, each time. Rates remember the look before. */
async function makerOf(view: View): Promise<(from: Reader) => Promise<Made>> {
  if (view === 'checks') return (await import('../check-table.ts')).checks;
  const live = await import('../live-tables.ts');
  if (view === 'services') return live.services;
  if (view === 'members') return live.members;
  if (view === 'rates') return live.rates();
  if (view === 'data-planes') return live.dataPlanes;
  return view === 'connections' ? live.connections : live.stats;
}

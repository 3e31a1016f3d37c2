// lbctl show services, members, checks, connections, stats, rates and events: what a running daemon sees now.
import type { Command } from 'commander';
import type { Client } from '../client.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import { type ListFormat, listOption, toOutput } from '../output.ts';
import type { LiveTable } from '../render-live.ts';
import type { Session } from '../session.ts';
import { type WatchOptions, watchOption } from '../watch.ts';
import { addEventsTo } from './events.ts';

interface LiveOptions extends WatchOptions {
  readonly output: ListFormat;
}

const VIEWS = {
  services: 'listeners as the data plane has them; without a daemon, what the machine itself holds',
  members: 'members: health, weight in the data plane, reason, override',
  checks: 'health checks: how many answers came, how long they took, with -o wide the histogram',
  connections: 'connections of each listener and member now',
  stats: 'counters of each listener and member since their row was made',
  'data-planes': 'where data planes are attached, how full their tables are, what became of packets',
  rates: 'connections, packets and bytes a second, over one second or between two looks of --watch',
} as const;
type View = keyof typeof VIEWS;

export function addShowLive(show: Command, session: Session): void {
  for (const view of Object.keys(VIEWS) as View[])
    show
      .command(view)
      .summary(VIEWS[view].split(/[:;,]/, 1)[0]!)
      .description(`${VIEWS[view][0]!.toUpperCase()}${VIEWS[view].slice(1)}.`)
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
  try {
    await watching(options, session, async () => {
      const { data, table } = await make(client);
      if (output === 'json' || output === 'yaml') return toOutput(output, data);
      const { renderLive } = await import('../render-live.ts');
      return renderLive(table, {
        wide: output === 'wide',
        colour: session.colour(command),
        nowMs: session.toolbox.nowMs(),
      });
    });
  } catch (error) {
    if (view !== 'services' || !(error instanceof NoDaemon)) throw error;
    const { machineText, observeMachine, tellNoDaemon } = await import('../observe-machine.ts');
    const seen = await observeMachine(session, command);
    if (seen === undefined) throw error;
    tellNoDaemon(session, client.target);
    session.print(await machineText(seen, output));
  }
}

interface Made {
  readonly data: unknown;
  readonly table: LiveTable;
}

/** What is asked of the daemon, each time. Rates remember the look before. */
async function makerOf(view: View): Promise<(client: Client) => Promise<Made>> {
  const live = await import('../live-tables.ts');
  if (view === 'services') return live.services;
  if (view === 'members') return live.members;
  if (view === 'rates') return live.rates();
  if (view === 'checks') return live.checks;
  if (view === 'data-planes') return live.dataPlanes;
  return view === 'connections' ? live.connections : live.stats;
}

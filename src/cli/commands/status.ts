// lbctl status: how the node is, as its daemon tells it; without one, what the machine holds.
import type { Command } from 'commander';
import type { Status } from '../../model/status.ts';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import type { DataPlanes } from '../live-tables.ts';
import { type ListFormat, listOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import { type WatchOptions, watchOption } from '../watch.ts';

interface StatusOptions extends WatchOptions {
  readonly output: ListFormat;
}

export function addStatus(program: Command, session: Session): void {
  program
    .command('status')
    .summary('how the node is')
    .description(
      'How the node, its addresses and listeners are, as its daemon tells it from observation. Where no daemon runs, what ' +
        'the machine itself holds is shown and the command ends with 6.',
    )
    .addOption(listOption())
    .addOption(watchOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl status', 'the node, its addresses and listeners'],
        ['lbctl status -o wide', 'with every member'],
        ['lbctl status --watch 1', 'again every second'],
      ]),
    )
    .action(async (options: StatusOptions, command: Command) => {
      const { NoDaemon } = await import('../client.ts');
      try {
        await tellStatus(options, session, command);
      } catch (error) {
        if (!(error instanceof NoDaemon)) throw error;
        const { machineText, observeMachine, tellNoDaemon } = await import('../observe-machine.ts');
        const seen = await observeMachine(session, command);
        if (seen === undefined) throw error;
        const text = await machineText(seen, options.output);
        tellNoDaemon(session, error.op.target ?? '');
        session.print(text);
        session.exitCode = 6;
      }
    });
}

async function tellStatus(options: StatusOptions, session: Session, command: Command): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const { watching } = await import('../watch.ts');
  const { renderStatus } = await import('../render-status.ts');
  const client = await findDaemon(session, command);
  const { output } = options;
  await watching(options, session, async () => {
    const status = await client.get<Status>('/v1/status');
    if (output === 'json' || output === 'yaml') return toOutput(output, status);
    const { drivers: planes } = await client.get<DataPlanes>('/v1/data-planes');
    return renderStatus(status, {
      planes,
      wide: output === 'wide',
      colour: session.colour(command),
      nowMs: session.toolbox.nowMs(),
    });
  });
}

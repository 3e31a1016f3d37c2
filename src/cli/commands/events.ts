// lbctl events: the last ones, and with -f those that come, over restarts of the daemon.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption } from '../output.ts';
import type { Session } from '../session.ts';

interface EventsOptions {
  readonly follow?: boolean;
  readonly last: string;
  readonly output: OutputFormat;
  readonly patience: string;
}

export function addEvents(program: Command, session: Session): void {
  addEventsTo(program.command('events'), session).addHelpText(
    'after',
    examples([
      ['lbctl events -f', 'what happens from now on'],
      ['lbctl events -n 20 -o json', 'one event a line, for programs'],
    ]),
  );
}

/** Also `lbctl show events`. */
export function addEventsTo(command: Command, session: Session): Command {
  return command
    .summary('what happened, and what happens')
    .description(
      'The last events of the daemon, newest last: members, roles, configurations, repairs, and who told it what.',
    )
    .option('-f, --follow', 'and those that come, until a signal ends it')
    .option('-n, --last <count>', 'how many of the last ones', '20')
    .option('--patience <duration>', 'with --follow: how long a daemon may be away', '1m')
    .addOption(outputOption())
    .addOption(socketOption())
    .action(async (options: EventsOptions, own: Command) => {
      const { tellEvents } = await import('../tell-events.ts');
      await tellEvents(options, session, own);
    });
}

// lbctl top: the node live on a terminal.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import type { Session } from '../session.ts';

export function addTop(program: Command, session: Session): void {
  program
    .command('top')
    .summary('listeners, members, rates and events, live')
    .description(
      'Listeners, members, rates and events, live on a terminal of at least 80x24. Keys: q quits, s sorts, / filters, up and ' +
        'down select a member, d drains it.',
    )
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl top', 'watch this node; q ends it']]))
    .action(async (_options: object, command: Command) => {
      const { runTop } = await import('../top/run-top.ts');
      await runTop(session, command);
    });
}

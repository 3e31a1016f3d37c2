// lbctl apply: makes it so, once, and tells what came of every step.
import type { Command } from 'commander';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption } from '../output.ts';
import type { Session } from '../session.ts';
import { serve } from './daemon.ts';
import { engineOption } from './plan.ts';

export interface ApplyOptions {
  readonly output: OutputFormat;
  readonly engineOverride?: ConcreteEngine;
  readonly force?: boolean;
  readonly daemon?: boolean;
  readonly reason?: string;
  readonly confirmWithin?: string;
}

export function addApply(program: Command, session: Session): void {
  program
    .command('apply')
    .summary('make it so')
    .description(
      'Plan, apply the plan step by step, and show the result. What a guard holds back is applied only with --force. With ' +
        '--confirm-within the running daemon reads its files again, and undoes that unless it is confirmed.',
    )
    .addOption(outputOption())
    .addOption(engineOption())
    .option('--force', 'apply what guards hold back too')
    .option('--daemon', 'keep it so: the same as "lbctl daemon"')
    .option('--reason <text>', 'why; stands in the history of a running daemon')
    .option(
      '--confirm-within <duration>',
      'undone by itself after this long, unless "lbctl confirm"; needs a daemon',
    )
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([['lbctl apply -c web.yaml --engine-override memory', 'try it: no root, nothing is touched']]),
    )
    .action(async (options: ApplyOptions, command: Command) => {
      if (options.daemon === true) {
        await serve(session, command, options.engineOverride);
        return;
      }
      if (options.confirmWithin !== undefined) {
        const { reloadDaemon } = await import('./control.ts');
        const { findDaemon } = await import('../find-daemon.ts');
        await reloadDaemon(await findDaemon(session, command), options, session, command);
        return;
      }
      const { runApply } = await import('../run-apply.ts');
      await runApply(options, session, command);
    });
}

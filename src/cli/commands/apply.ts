// lbctl apply: makes it so, once, and tells what came of every step.
import type { Command } from 'commander';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { examples } from '../examples.ts';
import { type OutputFormat, outputOption } from '../output.ts';
import type { Session } from '../session.ts';
import { serve } from './daemon.ts';
import { engineOption } from './plan.ts';

export interface ApplyOptions {
  readonly output: OutputFormat;
  readonly engineOverride?: ConcreteEngine;
  readonly force?: boolean;
  readonly daemon?: boolean;
}

export function addApply(program: Command, session: Session): void {
  program
    .command('apply')
    .summary('make it so')
    .description(
      'Plan, apply the plan step by step, and show the result. What a guard holds back is applied only with --force.',
    )
    .addOption(outputOption())
    .addOption(engineOption())
    .option('--force', 'apply what guards hold back too')
    .option('--daemon', 'keep it so: the same as "lbctl daemon"')
    .addHelpText(
      'after',
      examples([['lbctl apply -c web.yaml --engine-override memory', 'try it: no root, nothing is touched']]),
    )
    .action(async (options: ApplyOptions, command: Command) => {
      if (options.daemon === true) {
        await serve(session, command, options.engineOverride);
        return;
      }
      const { runApply } = await import('../run-apply.ts');
      await runApply(options, session, command);
    });
}

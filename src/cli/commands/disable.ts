// lbctl disable: takes everything of ours off the machine, and nothing of anybody else's.
import type { Command } from 'commander';
import type { World } from '../../model/world.ts';
import { examples } from '../examples.ts';
import { requireNoDaemon, socketOption } from '../find-daemon.ts';
import { loadIntent } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface DisableOptions {
  readonly output: OutputFormat;
  readonly dryRun?: boolean;
}

const NOTHING: World = { addresses: [], listeners: [], certificates: [], unplaced: [] };

export function addDisable(program: Command, session: Session): void {
  program
    .command('disable')
    .summary('take everything of ours off the machine')
    .description(
      'Withdraw our addresses, then remove our listeners and all that belongs to them, programs on interfaces and their ' +
        'tables too. What others made stays. Traffic to our addresses ends; "lbctl apply" brings everything back.',
    )
    .option('--dry-run', 'show what would go, and leave it')
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl disable --dry-run', 'what is ours here?']]))
    .action((options: DisableOptions, command: Command) => run(options, session, command));
}

async function run(options: DisableOptions, session: Session, command: Command): Promise<void> {
  const { toolbox } = session;
  await requireNoDaemon(session, command, 'Stop the daemon first');
  const intent = await loadIntent(session, command);
  const { makePlan } = await import('../../plan/make-plan.ts');
  const { observeAll } = await import('../plan-once.ts');
  const { dataOf, outcomeOf, textOf } = await import('../run-apply.ts');
  const planes = await toolbox.openPlanes('look', intent);
  try {
    const before = await observeAll(planes.drivers);
    const parts = planes.drivers.map((driver) => {
      const desired = driver.desired(NOTHING);
      const observed = before.get(driver.name)!;
      return { desired, observed, plan: driver.plan(desired, observed) };
    });
    // No guard: taking all of it away is what was asked for.
    const plan = makePlan(parts);
    const results = options.dryRun === true ? [] : await toolbox.applyPlan(planes, plan);
    const after = await observeAll(planes.drivers);
    const outcome = outcomeOf(plan, results);
    // Programs and tables go last, and only where no item of ours is left to need them.
    if (options.dryRun !== true && outcome.failed.length === 0)
      for (const driver of planes.drivers)
        if (after.get(driver.name)?.items.size === 0) await driver.uninstall?.();
    if (options.output === 'table')
      session.print(textOf(plan, outcome, after, session.colour(command), toolbox.stdout.columns));
    else session.print(await toOutput(options.output, dataOf(plan, outcome, after)));
    if (outcome.failed.length > 0) session.exitCode = 1;
  } finally {
    await planes.close();
  }
}

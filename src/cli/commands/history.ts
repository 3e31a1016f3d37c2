// lbctl history, diff, rollback and snapshot: what was in force, what changed, and the ways back.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption } from '../output.ts';
import type { Session } from '../session.ts';
import { addChangeOptions, type ChangeOptions } from './control.ts';

export interface OutputChoice {
  readonly output: OutputFormat;
}

export interface BackOptions extends ChangeOptions, OutputChoice {
  readonly yes?: boolean;
}

const REVISION = 'number of a revision, as "lbctl history" lists it; "running" for the one in force';

export function addHistory(program: Command, session: Session): void {
  program
    .command('history')
    .summary('the configurations that were in force')
    .description(
      'Every configuration that was in force, newest first: who wanted it, why, and what came of it. With a revision, its ' +
        'files and API objects, secrets hidden.',
    )
    .argument('[revision]', REVISION)
    .option('-n, --last <count>', 'how many of the last ones', '20')
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl history', 'the last 20'],
        ['lbctl history 7 -o yaml', 'all of revision 7'],
      ]),
    )
    .action(async (revision: string | undefined, options: OutputChoice & { last: string }, own: Command) => {
      const { showHistory, showRevision } = await import('../tell-history.ts');
      if (revision === undefined) await showHistory(options, session, own);
      else await showRevision(revision, options, session, own);
    });
}

export function addDiff(program: Command, session: Session): void {
  program
    .command('diff')
    .summary('what changed between two revisions')
    .description(
      'The files and API objects of two revisions, line by line. Without the second one, the one in force. Ends with 3 where ' +
        'asked for and they differ.',
    )
    .argument('<from>', REVISION)
    .argument('[to]', REVISION, 'running')
    .option('--detailed-exitcode', 'exit 3 when there are differences')
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl diff 7 9', 'what revision 9 has and 7 had not']]))
    .action(async (from: string, to: string, options: { detailedExitcode?: boolean }, own: Command) => {
      const { showDiff } = await import('../tell-history.ts');
      const differs = await showDiff(from, to, session, own);
      if (differs && options.detailedExitcode === true) session.exitCode = 3;
    });
}

export function addRollback(program: Command, session: Session): void {
  const rollback = program
    .command('rollback')
    .summary('go back to an older configuration')
    .description(
      'Show what going back to a revision would do, and with --yes do it: its content becomes a new revision. Files of an ' +
        'older revision stay in force until those on disk are changed; "lbctl status" says so.',
    )
    .argument('<revision>', REVISION)
    .option('-y, --yes', 'do it; without, only the plan is shown')
    .addOption(outputOption())
    .addOption(socketOption());
  addChangeOptions(rollback)
    .addHelpText(
      'after',
      examples([
        ['lbctl rollback 7', 'what would it do?'],
        ['lbctl rollback 7 --yes --confirm-within 60s', 'do it, undone unless confirmed'],
      ]),
    )
    .action(async (revision: string, options: BackOptions, own: Command) => {
      const { goBack } = await import('../go-back.ts');
      await goBack({ kind: 'revision', name: revision }, options, session, own);
    });
}

export function addSnapshot(program: Command, session: Session): void {
  const snapshot = program
    .command('snapshot')
    .summary('configurations with a name')
    .description('Give the configuration in force a name, and go back to it whenever that is wanted.')
    .addHelpText(
      'after',
      examples([
        ['lbctl snapshot create before-upgrade', 'this is how it was'],
        ['lbctl snapshot restore before-upgrade', 'what would going back change?'],
        ['lbctl snapshot restore before-upgrade --yes', 'go back'],
      ]),
    );
  snapshot
    .command('create')
    .summary('give the configuration in force a name')
    .description('Give the revision in force, or another one, a name. It is never forgotten.')
    .argument('<name>', 'of letters, digits, ".", "_" and "-"')
    .option('--revision <number>', 'another revision than the one in force')
    .option('--reason <text>', 'told by "lbctl snapshot list"')
    .addOption(socketOption())
    .action(async (name: string, options: { revision?: string; reason?: string }, own: Command) => {
      const { createSnapshot } = await import('../tell-history.ts');
      await createSnapshot(name, options, session, own);
    });
  snapshot
    .command('list')
    .summary('all snapshots')
    .description('All snapshots, oldest first.')
    .addOption(outputOption())
    .addOption(socketOption())
    .action(async (options: OutputChoice, own: Command) => {
      const { listSnapshots } = await import('../tell-history.ts');
      await listSnapshots(options, session, own);
    });
  addChangeOptions(
    snapshot
      .command('restore')
      .summary('go back to a snapshot')
      .description(
        'Show what going back to a snapshot would do, and with --yes do it, as "lbctl rollback" does.',
      )
      .argument('<snapshot>', 'as "lbctl snapshot list" gives it')
      .option('-y, --yes', 'do it; without, only the plan is shown')
      .addOption(outputOption())
      .addOption(socketOption()),
  ).action(async (name: string, options: BackOptions, own: Command) => {
    const { goBack } = await import('../go-back.ts');
    await goBack({ kind: 'snapshot', name }, options, session, own);
  });
  snapshot
    .command('delete')
    .summary('forget a snapshot')
    .description('Forget a snapshot. What is in force does not change.')
    .argument('<snapshot>', 'as "lbctl snapshot list" gives it')
    .addOption(socketOption())
    .action(async (name: string, _options: object, own: Command) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const { word } = await import('../client.ts');
      const client = await findDaemon(session, own);
      await client.call('DELETE', `/v1/snapshots/${word(name)}`);
      session.print(`snapshot ${name} is forgotten\n`);
    });
}

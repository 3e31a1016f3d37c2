// lbctl operation: what was begun over the API and need not be waited for.
import type { Command } from 'commander';
import { InputError } from '../../model/errors.ts';
import { examples } from '../examples.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface Operation {
  readonly number: number;
  readonly action: string;
  readonly author: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly startedMs: number;
  readonly problem?: { readonly detail: string };
}

export function addOperation(program: Command, session: Session): void {
  const operation = program
    .command('operation')
    .summary('list and cancel what was begun over the API')
    .description(
      'Programs begin reloads, rollbacks and restores with "?async=true" and do not wait for them. Those of before a restart ' +
        'of the daemon are forgotten; "lbctl history" tells what came of them.',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl operation list', 'what runs, and what came of the others'],
        ['lbctl operation cancel 1795305600', 'one that still waits for its turn'],
      ]),
    );
  operation
    .command('list')
    .summary('the last operations')
    .description('The last operations, newest last.')
    .addOption(outputOption())
    .addOption(socketOption())
    .action(({ output }: { output: OutputFormat }, command: Command) => list(output, session, command));
  operation
    .command('cancel')
    .summary('call off an operation that waits')
    .description(
      'Call off an operation that still waits for its turn: nothing of it is done. One that has begun is refused; go back with ' +
        '"lbctl rollback" when it has ended.',
    )
    .argument('<number>', 'as "lbctl operation list" has it')
    .addOption(socketOption())
    .action(async (number: string, _options: object, command: Command) => {
      if (!/^[1-9]\d{0,14}$/.test(number))
        throw new InputError('USAGE', `Cannot read "${number}" as an operation: it must be a number`, {
          hint: '"lbctl operation list" lists those there are',
        });
      const client = await findDaemon(session, command);
      const { action } = await client.call<Operation>('DELETE', `/v1/operations/${number}`);
      session.print(`operation ${number} (${action}) is cancelled\n`);
    });
}

async function list(output: OutputFormat, session: Session, command: Command): Promise<void> {
  const client = await findDaemon(session, command);
  const { items } = await client.get<{ items: Operation[] }>('/v1/operations');
  if (output !== 'table') {
    session.print(await toOutput(output, items));
    return;
  }
  if (items.length === 0) {
    session.print('there are no operations\n');
    return;
  }
  const { agoText } = await import('../render-status.ts');
  const { renderTable } = await import('../table.ts');
  const { paint } = await import('../../plan/paint.ts');
  const nowMs = session.toolbox.nowMs();
  const rows = items.map(({ number, action, state, startedMs, author, problem }) => [
    String(number),
    action,
    state,
    `${agoText(nowMs - startedMs)} ago`,
    author,
    problem?.detail ?? '',
  ]);
  const columns = ['NUMBER', 'ACTION', 'STATE', 'BEGUN', 'WHO', 'WHY'].map((title) => ({ title }));
  session.print(renderTable(columns, rows, paint(session.colour(command)).bold));
}

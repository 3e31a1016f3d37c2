// lbctl ha: the roles of this node, planned moves, and keeping it back.
import { type Command, Option } from 'commander';
import type { HaStatus } from '../../model/ha-status.ts';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import { type WatchOptions, watchOption } from '../watch.ts';

interface HaOptions extends WatchOptions {
  readonly output: OutputFormat;
  readonly timeout?: string;
}

/** The door waits for the move itself; we a little longer. */
const CALL_MS = 30_000;

export function addHa(program: Command, session: Session): void {
  const ha = program
    .command('ha')
    .summary('roles of this node, planned moves, maintenance')
    .description(
      'High availability of this node: which role each group has here, moving groups to the peer on purpose, and keeping ' +
        'this node back while it is worked on.',
    );
  ha.command('status')
    .summary('the role of each group here, and why')
    .description(
      'The role of each group on this node with epoch, reason and since when, and what troubles it.',
    )
    .addOption(outputOption())
    .addOption(watchOption())
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl ha status -w 1', 'again every second']]))
    .action((options: HaOptions, command: Command) => tellStatus(options, session, command));
  ha.command('failover')
    .summary('hand every group over to the peer')
    .description(
      'Hand every group over to the peer and wait until it has them. Where nobody takes them they stay here, and the ' +
        'command fails. A node that preempts then stays back until "lbctl ha maintenance off", as it would take them back at once. ' +
        'Where no group is active here nothing changes.',
    )
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl ha failover', 'the peer takes over, with no connection lost']]))
    .action((options: HaOptions, command: Command) => failOver(options, session, command));
  ha.command('maintenance')
    .summary('keep this node back, or let it come again')
    .description(
      'With "on" every group moves to the peer and this node takes over only when nobody else is there, also after a restart. ' +
        'With "off" it may be active again.',
    )
    .argument('<state>', 'on or off')
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl ha maintenance on', 'before an upgrade'],
        ['lbctl ha maintenance off', 'after it'],
      ]),
    )
    .action((state: string, options: HaOptions, command: Command) =>
      setMaintenance(state, options, session, command),
    );
}

function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long the peer has to take over (default: 5s, at most 25s)');
}

async function tellStatus(options: HaOptions, session: Session, command: Command): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const { watching } = await import('../watch.ts');
  const client = await findDaemon(session, command);
  await watching(options, session, async () =>
    textOf(await client.get<HaStatus>('/v1/ha'), options, session, command),
  );
}

async function failOver(options: HaOptions, session: Session, command: Command): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(session, command);
  const before = await client.get<HaStatus>('/v1/ha');
  const body = options.timeout === undefined ? {} : { timeout: options.timeout };
  const status = await client.call<HaStatus>('POST', '/v1/ha/failover', { body, timeoutMs: CALL_MS });
  if (options.output !== 'table') return session.print(await textOf(status, options, session, command));
  const moved = before.groups.filter((one) => one.role === 'active').map((one) => one.group);
  session.print(
    moved.length === 0 ? 'no group was active here\n' : `${moved.join(', ')}: handed over to the peer\n`,
  );
  if (moved.length > 0 && status.maintenance)
    session.print('this node stays back until "lbctl ha maintenance off", as it would take them back\n');
}

async function setMaintenance(
  state: string,
  options: HaOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const { InputError } = await import('../../model/errors.ts');
  if (state !== 'on' && state !== 'off')
    throw new InputError('USAGE', `Cannot set maintenance to "${state}": it must be on or off`);
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(session, command);
  const on = state === 'on';
  const body = { on, ...(options.timeout === undefined ? {} : { timeout: options.timeout }) };
  const status = await client.call<HaStatus>('PUT', '/v1/ha/maintenance', { body, timeoutMs: CALL_MS });
  const active = status.groups.filter((one) => one.role === 'active');
  const left = active.filter((one) => one.chooser !== 'bgp-ecmp').map((one) => one.group);
  if (options.output !== 'table') session.print(await textOf(status, options, session, command));
  else if (!on) session.print('this node may be active again\n');
  else if (left.length === 0)
    session.print(
      active.length === 0
        ? 'this node is kept back; no group is active here\n'
        : 'this node is kept back; routers are asked to use the other nodes\n',
    );
  if (on && left.length > 0) {
    session.tell(`this node is kept back, but no peer took over ${left.join(', ')}\n`);
    session.exitCode = 1;
  }
}

async function textOf(
  status: HaStatus,
  options: HaOptions,
  session: Session,
  command: Command,
): Promise<string> {
  const { output } = options;
  if (output === 'json' || output === 'yaml') return toOutput(output, status);
  const { renderHa } = await import('../render-ha.ts');
  return renderHa(status, { colour: session.colour(command), nowMs: session.toolbox.nowMs() });
}

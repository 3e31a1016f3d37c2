// lbctl drain and lbctl member: an operator's word about one member, above configuration and checks.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, sentenceOr } from '../output.ts';
import type { Session } from '../session.ts';

interface OverrideOptions {
  readonly output: OutputFormat;
  readonly for?: string;
  readonly why?: string;
  readonly wait?: boolean;
}

const MEMBER = 'POOL/MEMBER, as "lbctl show members" lists it';
/** Between two looks while waiting. */
const LOOK_MS = 500;
/** A drain without end is waited for no longer than this. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

export function addDrain(program: Command, session: Session): void {
  program
    .command('drain')
    .summary('give a member no new connections')
    .description(
      'Give a member no new connections and let those it has end. With --for it is down after that time; without, it drains ' +
        'until "lbctl member reset".',
    )
    .argument('<member>', MEMBER)
    .option('--for <duration>', 'down after this long, such as 2m')
    .option('--why <text>', 'told in status and events')
    .option('--wait', 'end when it has no connections left, or is down')
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl drain web/10.0.0.1:80 --for 2m --wait', 'before taking the machine away'],
        ['lbctl member reset web/10.0.0.1:80', 'it is back'],
      ]),
    )
    .action(async (name: string, options: OverrideOptions, command: Command) => {
      const { toTarget, setOverride } = await import('../member-target.ts');
      const { findDaemon } = await import('../find-daemon.ts');
      const target = toTarget(name);
      const client = await findDaemon(session, command);
      const override = await setOverride(client, target, {
        state: 'drain',
        for: options.for,
        why: options.why,
      });
      const until =
        override.untilMs === undefined ? '' : `, down at ${new Date(override.untilMs).toISOString()}`;
      const isTold = options.output === 'table' || options.wait !== true;
      if (isTold)
        session.print(
          await sentenceOr(options.output, `${name} drains${until}\n`, { member: name, ...override }),
        );
      if (options.wait !== true) return;
      const ended = await untilDrained(name, override.untilMs, session, command, options.output);
      session.print(
        await sentenceOr(options.output, ended.sentence, { member: name, ...override, ...ended.data }),
      );
    });
}

export function addMember(program: Command, session: Session): void {
  const member = program
    .command('member')
    .summary('take a member down, keep it up, or let checks decide again')
    .description(
      'Take a member down, keep it up whatever its checks say, or let configuration and checks decide again.',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl member down web/10.0.0.1:80 --for 2h --why disk', 'nothing is sent there for two hours'],
        ['lbctl member reset web/10.0.0.1:80', 'checks decide again'],
      ]),
    );
  for (const [state, summary] of [
    ['down', 'send it nothing'],
    ['up', 'keep it in, whatever its checks say'],
  ] as const)
    member
      .command(state)
      .summary(summary)
      .description(
        `${summary[0]!.toUpperCase()}${summary.slice(1)}, until "lbctl member reset" or for a time.`,
      )
      .argument('<member>', MEMBER)
      .option('--for <duration>', 'checks decide again after this long, such as 2h')
      .option('--why <text>', 'told in status and events')
      .addOption(outputOption())
      .addOption(socketOption())
      .action(async (name: string, options: OverrideOptions, command: Command) => {
        const { toTarget, setOverride } = await import('../member-target.ts');
        const { findDaemon } = await import('../find-daemon.ts');
        const target = toTarget(name);
        const client = await findDaemon(session, command);
        const override = await setOverride(client, target, { state, for: options.for, why: options.why });
        const forHowLong = options.for === undefined ? '' : ` for ${options.for}`;
        const sentence = `${name} is ${state}${forHowLong}\n`;
        session.print(await sentenceOr(options.output, sentence, { member: name, ...override }));
      });
  member
    .command('reset')
    .summary('let configuration and checks decide again')
    .description('Let configuration and checks decide again.')
    .argument('<member>', MEMBER)
    .addOption(outputOption())
    .addOption(socketOption())
    .action(async (name: string, options: OverrideOptions, command: Command) => {
      const { toTarget, overridePath } = await import('../member-target.ts');
      const { findDaemon } = await import('../find-daemon.ts');
      const target = toTarget(name);
      const client = await findDaemon(session, command);
      await client.call('DELETE', overridePath(target));
      const sentence = `${name} is as configured and checked again\n`;
      session.print(await sentenceOr(options.output, sentence, { member: name }));
    });
}

/** Drained: no row has weight, and no data plane counts a connection of it. */
async function untilDrained(
  name: string,
  untilMs: number | undefined,
  session: Session,
  command: Command,
  output: OutputFormat,
): Promise<{ readonly sentence: string; readonly data: object }> {
  const { OpError } = await import('../../model/errors.ts');
  const { connectionsOf } = await import('../member-connections.ts');
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(session, command);
  const lastMs = Math.min(untilMs ?? Number.POSITIVE_INFINITY, Date.now() + LONGEST_WAIT_MS);
  let told = -1;
  for (;;) {
    const { weight, connections } = await connectionsOf(client, name);
    // After its time it is down and has no row: nothing counts its connections any more.
    if (untilMs !== undefined && Date.now() >= untilMs) {
      const left = Math.max(told, 0);
      return {
        sentence: `${name} is down; ${left} connections were left\n`,
        data: { connectionsLeft: left },
      };
    }
    if (weight === 0 && connections === 0) {
      return { sentence: `${name} has no connections left\n`, data: { connectionsLeft: 0 } };
    }
    if (Date.now() > lastMs)
      throw new OpError(
        'TIMEOUT',
        `Cannot wait longer for "${name}" to drain: ${connections} connections are left`,
        { op: 'wait', target: name },
      );
    if (connections !== told && session.toolbox.stdout.isTTY && output === 'table')
      session.print(`${connections} connections left\n`);
    told = connections;
    await sleep(LOOK_MS);
  }
}

// lbctl reload and lbctl confirm: what a running daemon is told in one word.
import { type Command, Option } from 'commander';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { PlanJson } from '../../plan/plan-json.ts';
import type { Client } from '../client.ts';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, sentenceOr } from '../output.ts';
import type { Session } from '../session.ts';

/** A round that loads 10,000 listeners may take its time. */
export const ROUND_MS = 300_000;

/** What every change of the configuration can be told. */
export interface ChangeOptions {
  readonly reason?: string;
  readonly force?: boolean;
  readonly confirmWithin?: string;
}

export function addChangeOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why; stands in the history')
    .option('--force', 'apply what guards hold back too')
    .addOption(
      new Option('--confirm-within <duration>', 'undone by itself after this long, unless "lbctl confirm"'),
    );
}

export function changeBody({ reason, force, confirmWithin }: ChangeOptions): Record<string, unknown> {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(force === true ? { force } : {}),
    ...(confirmWithin === undefined ? {} : { confirm_within: confirmWithin }),
  };
}

/** What a person must do, and by when, or it is undone. */
export function trialText({ confirmWithin }: ChangeOptions): string {
  return confirmWithin === undefined
    ? ''
    : `on trial: it is undone after ${confirmWithin} unless "lbctl confirm"\n`;
}

interface ReloadOptions extends ChangeOptions {
  readonly unpin?: boolean;
  readonly output?: OutputFormat;
}

export function addReload(program: Command, session: Session): void {
  const reload = program
    .command('reload')
    .summary('let the daemon read its files again')
    .description(
      'Let the daemon read its files again and wait for the round that applies them. On errors the old configuration stays, ' +
        'and they are shown. After a rollback the files on disk count again only when they have changed, or with --unpin.',
    )
    .option('--unpin', 'take the files on disk though a rollback put others in force')
    .addOption(outputOption())
    .addOption(socketOption());
  addChangeOptions(reload)
    .addHelpText(
      'after',
      examples([
        ['lbctl reload --reason "ticket 42"', 'why stands in "lbctl history"'],
        ['lbctl reload --confirm-within 60s', 'undone by itself, should it cut you off'],
      ]),
    )
    .action(async (options: ReloadOptions, command: Command) => {
      const { findDaemon } = await import('../find-daemon.ts');
      await reloadDaemon(await findDaemon(session, command), options, session, command);
    });
}

/** Also "lbctl apply" where a daemon runs. */
export async function reloadDaemon(
  client: Client,
  options: ReloadOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const { LbError } = await import('../../model/errors.ts');
  const { InvalidConfig } = await import('../load-intent.ts');
  const body = { ...changeBody(options), ...(options.unpin === true ? { unpin: true } : {}) };
  try {
    const { hash, revision, diagnostics, waiting } = await client.call<{
      hash?: string;
      revision?: number;
      diagnostics: Diagnostic[];
      waiting?: Waiting;
    }>('POST', '/v1/reload', { body, timeoutMs: ROUND_MS });
    await session.warn(diagnostics, command);
    const numbered = revision === undefined ? '' : ` as revision ${revision}`;
    const sentence = `configuration ${hash?.slice(0, 12) ?? ''} is in force${numbered}\n${trialText(options)}${waitingText(waiting)}`;
    const data = { hash, revision, diagnostics, ...(waiting === undefined ? {} : { waiting }) };
    session.print(await sentenceOr(options.output ?? 'table', sentence, data));
  } catch (error) {
    const found = error instanceof LbError ? error.details.diagnostics : undefined;
    if (!Array.isArray(found)) throw error;
    throw new InvalidConfig('of the daemon', found as Diagnostic[]);
  }
}

interface Waiting {
  readonly held: number;
  readonly guards: readonly string[];
  readonly draining: number;
  readonly drainedByMs?: number;
}

/** What of it is not done yet, so that nobody takes "in force" for more than it is. */
function waitingText(waiting: Waiting | undefined): string {
  if (waiting === undefined) return '';
  const { held, guards, draining, drainedByMs = 0 } = waiting;
  const lines: string[] = [];
  if (draining > 0)
    lines.push(
      `${plural(draining, 'member')} that left ${draining === 1 ? 'drains' : 'drain'} until ${new Date(drainedByMs).toISOString()}`,
    );
  if (held > 0)
    lines.push(
      `${plural(held, 'step')} held back until "lbctl confirm":`,
      ...guards.map((why) => `  ${why}`),
    );
  return lines.map((line) => `${line}\n`).join('');
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function addConfirm(program: Command, session: Session): void {
  program
    .command('confirm')
    .summary('keep what is on trial, apply what guards hold')
    .description(
      'Keep the configuration that is on trial ("--confirm-within"). Apply what guards hold back now ("lbctl status" tells ' +
        'how much), and wait for that round.',
    )
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText('after', examples([['lbctl confirm', 'what is on trial stays, what is held back is done']]))
    .action(async ({ output }: { output: OutputFormat }, command: Command) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(session, command);
      const { confirmed } = await client.call<{ confirmed: boolean }>('POST', '/v1/trial/confirm');
      const held = (await client.get<PlanJson>('/v1/plan')).summary.held;
      const after =
        held === 0
          ? 0
          : (await client.call<PlanJson>('POST', '/v1/plan/confirm', { timeoutMs: ROUND_MS })).summary.held;
      const kept = confirmed ? 'the configuration on trial is kept\n' : '';
      const steps = held === 0 ? '' : `${held} steps confirmed, ${after} held back now\n`;
      const sentence = kept + steps || 'nothing is held back\n';
      session.print(await sentenceOr(output, sentence, { confirmed, steps: held, held: after }));
      if (after > 0) session.exitCode = 1;
    });
}

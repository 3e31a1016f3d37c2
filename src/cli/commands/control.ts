// lbctl reload and lbctl confirm: what a running daemon is told in one word.
import type { Command } from 'commander';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { PlanJson } from '../../plan/plan-json.ts';
import { socketOption } from '../find-daemon.ts';
import type { Session } from '../session.ts';

/** A round that loads 10,000 listeners may take its time. */
const ROUND_MS = 300_000;

export function addReload(program: Command, session: Session): void {
  program
    .command('reload')
    .summary('let the daemon read its files again')
    .description(
      'Let the daemon read its files again and wait for the round that applies them. On errors the old configuration stays, ' +
        'and they are shown.',
    )
    .addOption(socketOption())
    .action(async (_options: object, command: Command) => {
      const { LbError } = await import('../../model/errors.ts');
      const { findDaemon } = await import('../find-daemon.ts');
      const { InvalidConfig } = await import('../load-intent.ts');
      const client = await findDaemon(session, command);
      try {
        const { hash, diagnostics } = await client.call<{ hash?: string; diagnostics: Diagnostic[] }>(
          'POST',
          '/v1/reload',
          { timeoutMs: ROUND_MS },
        );
        await session.warn(diagnostics, command);
        session.print(`configuration ${hash?.slice(0, 12) ?? ''} is in force\n`);
      } catch (error) {
        const found = error instanceof LbError ? error.details.diagnostics : undefined;
        if (!Array.isArray(found)) throw error;
        throw new InvalidConfig('of the daemon', found as Diagnostic[]);
      }
    });
}

export function addConfirm(program: Command, session: Session): void {
  program
    .command('confirm')
    .summary('apply what guards hold')
    .description('Apply what guards hold back now ("lbctl status" tells how much), and wait for that round.')
    .addOption(socketOption())
    .action(async (_options: object, command: Command) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(session, command);
      const before = await client.get<PlanJson>('/v1/plan');
      if (before.summary.held === 0) {
        session.print('nothing is held back\n');
        return;
      }
      const after = await client.call<PlanJson>('POST', '/v1/plan/confirm', { timeoutMs: ROUND_MS });
      session.print(`${before.summary.held} steps confirmed, ${after.summary.held} held back now\n`);
      if (after.summary.held > 0) session.exitCode = 1;
    });
}

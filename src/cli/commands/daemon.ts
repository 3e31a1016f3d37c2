// lbctl daemon: makes it so and keeps it so, until a signal stops it.
import type { Command } from 'commander';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { examples } from '../examples.ts';
import { loadIntent } from '../load-intent.ts';
import type { Session } from '../session.ts';
import { engineOption } from './plan.ts';

interface DaemonCommandOptions {
  readonly engineOverride?: ConcreteEngine;
}

export function addDaemon(program: Command, session: Session): void {
  program
    .command('daemon')
    .summary('make it so and keep it so')
    .description(
      'Check members, apply the configuration and repair what drifts, until told to stop. SIGHUP reads the files again ' +
        '(the old configuration stays on error); SIGTERM stops and leaves traffic flowing.',
    )
    .addOption(engineOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl daemon', 'with /etc/lbctl/config.yaml, as the service does'],
        ['lbctl daemon -c web.yaml --engine-override memory', 'try it: no root, nothing is touched'],
      ]),
    )
    .action((options: DaemonCommandOptions, command: Command) =>
      serve(session, command, options.engineOverride),
    );
}

export async function serve(
  session: Session,
  command: Command,
  engine: ConcreteEngine | undefined,
): Promise<void> {
  const intent = await loadIntent(session, command, engine === 'memory' ? 'wished' : 'needed');
  const configPath = session.configPath(command);
  await session.toolbox.runDaemon({ configPath, intent, ...(engine === undefined ? {} : { engine }) });
}

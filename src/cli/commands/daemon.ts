// lbctl daemon: makes it so and keeps it so, until a signal stops it.
import type { Command } from 'commander';
import type { Intent } from '../../model/intent.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { examples } from '../examples.ts';
import { InvalidConfig, loadIntent } from '../load-intent.ts';
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
  const configPath = session.configPath(command);
  const intent = await startIntent(session, command, engine === 'memory' ? 'wished' : 'needed');
  await session.toolbox.runDaemon({ configPath, intent, ...(engine === undefined ? {} : { engine }) });
}

/** Files may name objects of the API, and a fault in them must not keep a node that boots from serving: the daemon tells it. */
async function startIntent(
  session: Session,
  command: Command,
  secrets: 'needed' | 'wished',
): Promise<Intent> {
  try {
    return await loadIntent(session, command, secrets);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    const kept = await session.toolbox.loadKept(session.configPath(command), secrets);
    if (kept === undefined) throw error;
    return kept;
  }
}

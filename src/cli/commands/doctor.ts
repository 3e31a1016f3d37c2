// lbctl doctor: looks at this machine for what the configuration needs, and names the cure of what is wrong.
import type { Command } from 'commander';
import type { Finding } from '../../plan/doctor/finding.ts';
import type { Client } from '../client.ts';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { loadValid } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface DoctorOptions {
  readonly output: OutputFormat;
  readonly strict?: boolean;
}

export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .summary('find what is wrong with this machine and its daemon')
    .description(
      'Look at modules, kernel settings, interfaces, VIPs, tables, files and other tools, and at the running daemon, its ' +
        'configuration, certificate and audit log, and name the cure of what is wrong. With --server, at the daemon there ' +
        'alone. Ends with 1 when something fails, with --strict also when something should be looked at.',
    )
    .addOption(outputOption())
    .addOption(socketOption())
    .option('--strict', 'warnings end with 1 too')
    .addHelpText('after', examples([['lbctl doctor -c web.yaml -o json', 'for monitoring']]))
    .action((options: DoctorOptions, command: Command) => run(options, session, command));
}

async function run(options: DoctorOptions, session: Session, command: Command): Promise<void> {
  const { countFindings, worstFirst } = await import('../../plan/doctor/diagnose.ts');
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(session, command);
  const elsewhere = client.target.startsWith('https:');
  const machine = elsewhere ? undefined : await aboutMachine(session, command);
  const daemon = await aboutDaemon(client, session, machine?.hash);
  const findings = worstFirst([...daemon, ...(machine?.findings ?? [])]);
  const counts = countFindings(findings);
  if (options.output === 'table') {
    const { renderFindings } = await import('../../plan/doctor/render-findings.ts');
    session.print(renderFindings(findings, session.colour(command)));
  } else session.print(await toOutput(options.output, { findings, counts }));
  if (counts.error > 0 || (options.strict === true && counts.warning > 0)) session.exitCode = 1;
}

async function aboutMachine(
  session: Session,
  command: Command,
): Promise<{ findings: readonly Finding[]; hash: string | undefined }> {
  const { toolbox } = session;
  const { intent, hash, files } = await loadValid(session, command);
  const { preparedFacts } = await import('../../plan/system/prepared-facts.ts');
  const { resolve } = await import('../../plan/resolve.ts');
  const { needOf } = await import('../../plan/doctor/need.ts');
  const { diagnose } = await import('../../plan/doctor/diagnose.ts');
  const host = await toolbox.openHost();
  const facts = preparedFacts(intent, toolbox.nowMs(), host.hasModule('ip_vs'));
  const need = needOf(intent, resolve(intent, facts), files);
  return { findings: diagnose(need, await host.gatherEvidence(need)), hash };
}

async function aboutDaemon(
  client: Client,
  session: Session,
  diskHash: string | undefined,
): Promise<readonly Finding[]> {
  const { askDaemon } = await import('../ask-daemon.ts');
  const { diagnoseDaemon } = await import('../../plan/doctor/daemon-checks.ts');
  const { version, nowMs } = session.toolbox;
  const seen = await askDaemon(client, { version, nowMs: nowMs(), diskHash });
  if (seen !== undefined) return diagnoseDaemon(seen);
  return [{ check: 'daemon', severity: 'info', title: 'No daemon runs', evidence: client.target }];
}

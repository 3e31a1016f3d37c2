// lbctl doctor: looks at this machine for what the configuration needs, and names the cure of what is wrong.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { loadIntent } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface DoctorOptions {
  readonly output: OutputFormat;
  readonly strict?: boolean;
}

export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .summary('find what is wrong with this machine')
    .description(
      'Look at modules, kernel settings, interfaces, VIPs, tables, files and other tools, and name the cure of what is ' +
        'wrong. Ends with 1 when something fails, with --strict also when something should be looked at.',
    )
    .addOption(outputOption())
    .option('--strict', 'warnings end with 1 too')
    .addHelpText('after', examples([['lbctl doctor -c web.yaml -o json', 'for monitoring']]))
    .action((options: DoctorOptions, command: Command) => run(options, session, command));
}

async function run(options: DoctorOptions, session: Session, command: Command): Promise<void> {
  const { toolbox } = session;
  const intent = await loadIntent(session, command);
  const { assumedFacts } = await import('../../plan/assumed-facts.ts');
  const { resolve } = await import('../../plan/resolve.ts');
  const { needOf } = await import('../../plan/doctor/need.ts');
  const { countFindings, diagnose } = await import('../../plan/doctor/diagnose.ts');
  const need = needOf(intent, resolve(intent, assumedFacts(intent, toolbox.nowMs())));
  const findings = diagnose(need, await (await toolbox.openHost()).gatherEvidence(need));
  const counts = countFindings(findings);
  if (options.output === 'table') {
    const { renderFindings } = await import('../../plan/doctor/render-findings.ts');
    session.print(renderFindings(findings, session.colour(command)));
  } else session.print(await toOutput(options.output, { findings, counts }));
  if (counts.error > 0 || (options.strict === true && counts.warning > 0)) session.exitCode = 1;
}

// lbctl fmt: rewrites configuration files to the canonical form, comments kept.
import { type Command, Option } from 'commander';
import { hasErrors } from '../../model/diagnostic.ts';
import { paint } from '../../plan/paint.ts';
import { examples } from '../examples.ts';
import { lineDiff } from '../line-diff.ts';
import { InvalidConfig } from '../load-intent.ts';
import type { Session } from '../session.ts';

interface FmtOptions {
  readonly check?: boolean;
  readonly write?: boolean;
  readonly diff?: boolean;
}

export function addFmt(program: Command, session: Session): void {
  program
    .command('fmt')
    .summary('rewrite files to the canonical form')
    .description(
      'Rewrite configuration files to the canonical form, keeping comments. Older spellings become the documented ones. ' +
        'Prints to standard output unless told otherwise.',
    )
    .argument('[files...]', 'files to format (default: the configuration file)')
    .addOption(
      new Option('--check', 'write nothing; name files that differ and exit 3').conflicts(['write', 'diff']),
    )
    .addOption(new Option('--write', 'rewrite the files in place').conflicts('diff'))
    .option('--diff', 'print what would change')
    .addHelpText(
      'after',
      examples([
        ['lbctl fmt old.yaml > config.yaml', 'one file, read it first'],
        ['lbctl fmt --write conf.d/*.yaml', 'all in place'],
        ['lbctl fmt --check conf.d/*.yaml', 'for CI: 3 when one differs'],
      ]),
    )
    .action(async (files: string[], options: FmtOptions, command: Command) => {
      const named = files.length > 0 ? files : [session.configPath(command)];
      for (const file of named) await formatOne(file, options, session, command);
    });
}

async function formatOne(
  file: string,
  options: FmtOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const { toolbox } = session;
  const before = await toolbox.readText(file);
  const { text: after, diagnostics } = await toolbox.formatConfig(file, before);
  if (after === undefined || hasErrors(diagnostics)) throw new InvalidConfig(file, diagnostics);
  await session.warn(diagnostics, command);
  const differs = before !== after;
  if (options.check === true) {
    if (!differs) return;
    session.print(`${file}\n`);
    session.exitCode = 3;
  } else if (options.diff === true) {
    if (differs) session.print(lineDiff(file, before, after, paint(session.colour(command))));
  } else if (options.write === true) {
    if (!differs) return;
    await toolbox.writeText(file, after);
    session.print(`${file}\n`);
  } else session.print(after);
}

// lbctl fmt: rewrites configuration files to the canonical form, comments kept.
import { type Command, Option } from 'commander';
import { type Diagnostic, hasErrors } from '../../model/diagnostic.ts';
import { paint } from '../../plan/paint.ts';
import { examples } from '../examples.ts';
import { lineDiff } from '../line-diff.ts';
import { InvalidConfig } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface FmtOptions {
  readonly check?: boolean;
  readonly write?: boolean;
  readonly diff?: boolean;
  readonly output: OutputFormat;
}

/** What became of one file, for `-o json`. */
interface Formatted {
  readonly file: string;
  /** It was canonical already. */
  readonly canonical: boolean;
  readonly written: boolean;
  /** The canonical text, where it was asked for. */
  readonly text?: string;
  readonly diff?: string;
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
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl fmt old.yaml > config.yaml', 'one file, read it first'],
        ['lbctl fmt --write conf.d/*.yaml', 'all in place'],
        ['lbctl fmt --check conf.d/*.yaml', 'for CI: 3 when one differs'],
        ['lbctl fmt --check -o json conf.d/*.yaml', 'the same as data'],
      ]),
    )
    .action(async (files: string[], options: FmtOptions, command: Command) => {
      const named = files.length > 0 ? files : [session.configPath(command)];
      const done: Formatted[] = [];
      const broken = new Map<string, readonly Diagnostic[]>();
      for (const file of named) {
        const { text, before, diagnostics } = await canonical(file, session);
        if (text === undefined) broken.set(file, diagnostics);
        else {
          await session.warn(diagnostics, command);
          done.push(await handle(file, before, text, options, session, command));
        }
      }
      if (options.output !== 'table') session.print(await toOutput(options.output, done));
      if (options.check === true && done.some((one) => !one.canonical)) session.exitCode = 3;
      if (broken.size > 0)
        throw new InvalidConfig([...broken.keys()].join('", "'), [...broken.values()].flat());
    });
}

async function canonical(
  file: string,
  { toolbox }: Session,
): Promise<{ readonly before: string; readonly text?: string; readonly diagnostics: readonly Diagnostic[] }> {
  const before = await toolbox.readText(file);
  const { text, diagnostics } = await toolbox.formatConfig(file, before);
  return text === undefined || hasErrors(diagnostics)
    ? { before, diagnostics }
    : { before, text, diagnostics };
}

/** Writes, or prints for people what was asked for; for programs it is all in what comes back. */
async function handle(
  file: string,
  before: string,
  text: string,
  options: FmtOptions,
  session: Session,
  command: Command,
): Promise<Formatted> {
  const people = options.output === 'table';
  const differs = before !== text;
  const done = { file, canonical: !differs, written: options.write === true && differs };
  if (done.written) await session.toolbox.writeText(file, text);
  if (options.check === true || options.write === true) {
    if (people && differs) session.print(`${file}\n`);
    return done;
  }
  if (options.diff === true) {
    const diff = differs ? lineDiff(file, before, text, paint(people && session.colour(command))) : '';
    if (people) session.print(diff);
    return { ...done, diff };
  }
  if (people) session.print(text);
  return { ...done, text };
}

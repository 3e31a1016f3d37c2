// lbctl import: other programs' configuration to ours, with a list of everything that could not be carried over.
import type { Command } from 'commander';
import { hasErrors } from '../../model/diagnostic.ts';
import { InputError } from '../../model/errors.ts';
import { paint } from '../../plan/paint.ts';
import { examples } from '../examples.ts';
import { InvalidConfig } from '../load-intent.ts';
import { OUTPUT_FORMATS, type OutputFormat, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import type { ImportNote } from '../toolbox.ts';

interface ImportOptions {
  readonly output?: string;
  readonly report?: boolean;
  readonly configId?: string;
}

export function addImport(program: Command, session: Session): void {
  const parent = program
    .command('import')
    .summary("turn another program's configuration into ours")
    .description("Turn another program's configuration into ours.");
  parent
    .command('keepalived')
    .summary('import a keepalived.conf')
    .description(
      'Read a keepalived.conf with everything it includes and write our YAML. Every directive that cannot be carried over ' +
        'is listed with its line on standard error; nothing is dropped in silence.',
    )
    .argument('<file>', 'the keepalived.conf')
    .option(
      '-o, --output <file>',
      `write the YAML there instead of to standard output; with --report one of ${OUTPUT_FORMATS.join(', ')}`,
    )
    .option('--config-id <name>', 'what keepalived is started with as --config-id: decides "@name" lines')
    .option('--report', 'print only the report of what could not be carried over')
    .addHelpText(
      'after',
      examples([
        ['lbctl import keepalived /etc/keepalived/keepalived.conf -o config.yaml', 'write and report'],
        ['lbctl import keepalived keepalived.conf --report', 'what would be lost?'],
        ['lbctl import keepalived keepalived.conf --report -o json', 'the same as data'],
        [
          'lbctl import keepalived keepalived.conf --config-id backup',
          'the lines of "@backup" and none of "@main"',
        ],
      ]),
    )
    .action((file: string, options: ImportOptions, command: Command) => run(file, options, session, command));
}

async function run(file: string, options: ImportOptions, session: Session, command: Command): Promise<void> {
  const onlyReport = options.report === true;
  const format = onlyReport ? reportFormat(options.output) : 'table';
  const { text, notes, diagnostics } = await session.toolbox.importKeepalived(file, options.configId);
  if (text === undefined || hasErrors(diagnostics)) throw new InvalidConfig(file, diagnostics);
  await session.warn(diagnostics, command);
  const report =
    format === 'table'
      ? renderNotes(notes, session.colour(command, onlyReport ? 'stdout' : 'stderr'))
      : await toOutput(format, notes);
  if (onlyReport) {
    session.print(report);
    return;
  }
  session.tell(report);
  if (options.output === undefined) session.print(text);
  else await session.toolbox.writeText(options.output, text);
}

/** A report goes to standard output only, so `-o` says how, as it does for every other verb. */
function reportFormat(output: string | undefined): OutputFormat {
  const format = OUTPUT_FORMATS.find((one) => one === (output ?? 'table'));
  if (format !== undefined) return format;
  throw new InputError('USAGE', `Cannot print a report as "${output}"`, {
    hint: `With --report, -o is one of ${OUTPUT_FORMATS.join(', ')}; without it, -o names the file to write`,
  });
}

export function renderNotes(notes: readonly ImportNote[], colour: boolean): string {
  const ink = paint(colour);
  const tones = { 'not carried': ink.red, changed: ink.yellow, carried: ink.dim };
  // What came over as it was needs no line of its own, unless there is something to say about it.
  const told = notes.filter(({ kind, message }) => kind !== 'carried' || message !== '');
  const lines = told.map(
    ({ kind, file, line, directive, message }) =>
      `${file}:${line}: ${tones[kind](kind)} ${directive === '' ? '' : `${ink.bold(directive)}: `}${message}\n`,
  );
  const count = (kind: ImportNote['kind']) => notes.filter((note) => note.kind === kind).length;
  return `${lines.join('')}${count('carried')} carried over, ${count('changed')} changed, ${count('not carried')} not carried over\n`;
}

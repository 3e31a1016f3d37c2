// How an error ends a command: one line, its cure, never a stack trace unless LBCTL_DEBUG=1 asks for it.
import { BugError, LbError } from '../model/errors.ts';
import { paint } from '../plan/paint.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';
import { InvalidConfig } from './load-intent.ts';
import { toOutput } from './output.ts';
import type { Toolbox } from './toolbox.ts';

export interface TellOptions {
  readonly colour: boolean;
  /** Asked for with `-o`: the error goes to standard output as data. */
  readonly format: 'table' | 'json' | 'yaml';
}

export async function tellError(error: unknown, toolbox: Toolbox, options: TellOptions): Promise<ExitCode> {
  const known = toLbError(error);
  if (options.format !== 'table')
    toolbox.stdout.write(await toOutput(options.format, { error: known.toJSON() }));
  else toolbox.stderr.write(await textOf(known, toolbox, options.colour));
  if (toolbox.env.LBCTL_DEBUG === '1') toolbox.stderr.write(`${stackOf(error)}\n`);
  return exitCodeOf(known.code);
}

/** Whatever nobody foresaw is a fault of ours, and says so. */
export function toLbError(error: unknown): LbError {
  if (error instanceof LbError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new BugError(`Unexpected: ${firstLine(message)}`, { cause: error });
}

async function textOf(error: LbError, toolbox: Toolbox, colour: boolean): Promise<string> {
  const ink = paint(colour);
  const head = `${ink.red(`error[${error.code}]`)}: ${error.message}\n`;
  if (error instanceof InvalidConfig) {
    const options = { colour, width: toolbox.stdout.columns };
    return `${await toolbox.renderDiagnostics(error.diagnostics, options)}${head}`;
  }
  if (error instanceof BugError)
    return `${head}  hint: This is a fault of ours: report it with this command line; LBCTL_DEBUG=1 shows where it happened\n`;
  return `${head}  hint: ${error.hint}\n`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function stackOf(error: unknown): string {
  const lines: string[] = [];
  // Bounded: a chain of causes may be a ring.
  for (let at = error, depth = 0; at !== undefined && depth < 5; depth++) {
    lines.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return lines.join('\ncaused by: ');
}

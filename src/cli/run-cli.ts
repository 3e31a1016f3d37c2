// Runs one command line against a toolbox and says which code to end with. Never throws, never exits.
import { CommanderError } from 'commander';
import type { ExitCode } from './exit-code.ts';
import { OUTPUT_FORMATS, type OutputFormat } from './output.ts';
import { createProgram } from './program.ts';
import { COLOUR_CHOICES, type ColourChoice, Session, wantsColour } from './session.ts';
import { tellError } from './tell-error.ts';
import type { Toolbox } from './toolbox.ts';

export async function runCli(args: readonly string[], toolbox: Toolbox): Promise<ExitCode> {
  const session = new Session(toolbox);
  try {
    // On a terminal, lbctl alone is its shell.
    const words = args.length === 0 && toolbox.stdout.isTTY && toolbox.stdin.isTTY ? ['shell'] : args;
    await createProgram(session).parseAsync(words, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    // Commander has told it already. Help that was asked for is 0, all else is wrong use.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const choice = wordAfter(args, ['--color'], COLOUR_CHOICES) ?? ('auto' satisfies ColourChoice);
    return tellError(error, toolbox, {
      colour: wantsColour(choice, toolbox.env, toolbox.stderr.isTTY),
      format: wordAfter<OutputFormat>(args, ['-o', '--output'], OUTPUT_FORMATS) ?? 'table',
    });
  }
}

/** Read by hand, as the error may come from the parsing itself. */
function wordAfter<Word extends string>(
  args: readonly string[],
  names: readonly string[],
  words: readonly Word[],
): Word | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg === '--') return undefined;
    const name = names.find((one) => arg === one || arg.startsWith(one.startsWith('--') ? `${one}=` : one));
    if (name === undefined) continue;
    const value = arg === name ? args[index + 1] : arg.slice(name.length).replace(/^=/, '');
    const word = words.find((one) => one === value);
    if (word !== undefined) return word;
  }
  return undefined;
}

// lbctl completion: a script for the shell; the script asks the hidden `lbctl __complete` what may stand next.
import { Argument, type Command } from 'commander';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description(
      'Print the completion script of a shell. Names of listeners complete from the configuration.',
    )
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .addHelpText(
      'after',
      examples([
        ['lbctl completion bash > /etc/bash_completion.d/lbctl', 'bash, for everybody'],
        ['lbctl completion zsh > "${fpath[1]}/_lbctl"', 'zsh'],
        ['lbctl completion fish > ~/.config/fish/completions/lbctl.fish', 'fish'],
      ]),
    )
    .action(async (shell: Shell) => {
      const { SCRIPTS } = await import('../completion/scripts.ts');
      session.print(SCRIPTS[shell]);
    });

  program
    .command('__complete', { hidden: true })
    .description('What may stand at the place of the last word; for completion scripts.')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { complete } = await import('../completion/complete.ts');
      session.print(await complete(program, words, session));
    });
}

// lbctl help: the help of a command, which may stand below another: `lbctl help show world`.
import type { Command } from 'commander';
import { InputError } from '../../model/errors.ts';

/** Commander's own takes one name and is silent about an unknown one. */
export function addHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command('help')
    .summary('print the help of a command')
    .description('Print the help of a command.')
    .argument('[command...]', 'its name, after the names of the commands above it')
    .action((names: readonly string[]) => {
      let found = program;
      for (const name of names) {
        const below = found.commands.find((one) => one.name() === name);
        if (below === undefined)
          throw new InputError('USAGE', `Cannot help with "${names.join(' ')}" as there is no such command`, {
            hint: `Commands are ${found
              .createHelp()
              .visibleCommands(found)
              .map((one) => one.name())
              .join(', ')}`,
          });
        found = below;
      }
      found.outputHelp();
    });
}

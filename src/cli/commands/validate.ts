// lbctl validate: everything wrong with the configuration at once.
import type { Command } from 'commander';
import { hasErrors } from '../../model/diagnostic.ts';
import { examples } from '../examples.ts';
import { InvalidConfig } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

export function addValidate(program: Command, session: Session): void {
  program
    .command('validate')
    .summary('check the configuration')
    .description(
      'Check the configuration and everything it includes, together with the objects of the API that its daemon keeps ' +
        '(where you may read its state_dir). Exits 2 when there are errors; warnings alone exit 0.',
    )
    .option('--as <file>', 'with the objects of the daemon of this main file, which it is to replace')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl validate', 'the file of this machine'],
        ['lbctl validate -c web.yaml -o json', 'faults as data'],
        ['lbctl validate -c new.yaml --as /etc/lbctl/config.yaml', 'may it take its place?'],
      ]),
    )
    .action(async (options: { output: OutputFormat; as?: string }, command: Command) => {
      const path = session.configPath(command);
      const {
        intent,
        diagnostics,
        hash,
        files,
        apiObjects = 0,
        another,
      } = await session.toolbox.loadConfig(
        path,
        'wished',
        options.as === undefined ? 'kept' : { of: options.as },
      );
      const valid = intent !== undefined && !hasErrors(diagnostics);
      if (options.output !== 'table') {
        session.print(await toOutput(options.output, { valid, hash, files, apiObjects, diagnostics }));
        session.exitCode = valid ? 0 : 2;
        return;
      }
      if (another !== undefined && another.objects > 0)
        session.tell(
          `note: ${count(another.objects, 'object')} of the API belong to "${another.main}", which has this state_dir: ` +
            `"--as ${another.main}" judges them along\n`,
        );
      if (!valid) throw new InvalidConfig(path, diagnostics);
      await session.warn(diagnostics, command);
      const parts = [
        count(intent.listeners.size, 'listener'),
        count(intent.pools.size, 'pool'),
        count(intent.vips.size, 'VIP'),
        `in ${count(files.length, 'file')}${apiObjects === 0 ? '' : ` and ${count(apiObjects, 'object')} of the API`}`,
      ];
      session.print(`${path} is valid: ${parts.join(', ')}\n`);
    });
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

// lbctl version: which release this is and what it runs on.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

export function addVersion(program: Command, session: Session): void {
  program
    .command('version')
    .summary('print the version')
    .description('Print the version of lbctl and of the Node it runs on.')
    .addOption(outputOption())
    .addHelpText('after', examples([['lbctl version -o json', 'for programs']]))
    .action(async (options: { output: OutputFormat }) => {
      const { version } = session.toolbox;
      const facts = { version, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
      if (options.output !== 'table') session.print(await toOutput(options.output, facts));
      else session.print(`lbctl ${version} (node ${facts.node}, ${facts.platform})\n`);
    });
}

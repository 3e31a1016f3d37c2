// lbctl support bundle: one file for whoever helps, without secrets.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface BundleOptions {
  readonly file?: string;
  readonly output: OutputFormat;
}

export function addSupport(program: Command, session: Session): void {
  const support = program
    .command('support')
    .summary('collect what helps to find a fault')
    .description('Collect what helps to find a fault.');
  support
    .command('bundle')
    .summary('one file with everything, without secrets')
    .description(
      'Write a tar.gz with the configuration as it is understood, what the daemon tells, its journal, and what the tools of ' +
        'the machine say. Secrets of the configuration, keys, tokens, headers, environments and arguments of checks are taken out. Works ' +
        'without a daemon, and with --server for one elsewhere (then without the machine).',
    )
    .option('--file <file>', 'where to write it (default: lbctl-support-TIME.tar.gz here)')
    .addOption(outputOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([['lbctl support bundle --file /tmp/lb-a.tar.gz', 'look into it before you send it']]),
    )
    .action((options: BundleOptions, command: Command) => bundle(options, session, command));
}

async function bundle({ file, output }: BundleOptions, session: Session, command: Command): Promise<void> {
  const { toolbox } = session;
  const { collect } = await import('../support/collect.ts');
  const { tar } = await import('../../lib/tar.ts');
  const { gzipSync } = await import('node:zlib');
  const client = await findDaemon(session, command);
  const machine = !client.target.startsWith('https:');
  const entries = await collect({ toolbox, client, configPath: session.configPath(command), machine });
  const nowMs = toolbox.nowMs();
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = file ?? `lbctl-support-${stamp}.tar.gz`;
  const name = path.replace(/^.*\//, '').replace(/\.tar\.gz$|\.tgz$/, '');
  const folder = name.slice(0, 60);
  const archive = tar(
    entries.map((entry) => ({ ...entry, name: `${folder}/${entry.name}` })),
    Math.floor(nowMs / 1000),
  );
  await toolbox.writePrivate(path, gzipSync(archive));
  const errors = entries.find((entry) => entry.name === 'errors.txt');
  if (output === 'table') {
    session.print(`${path}: ${entries.length} files\n`);
    if (errors !== undefined) session.tell(`some parts could not be had:\n${String(errors.content)}`);
  } else session.print(await toOutput(output, { file: path, entries: entries.map((entry) => entry.name) }));
}

// lbctl shell: the interactive way, with the words of LibraFlux; also what bare "lbctl" on a terminal is.
import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import type { Session } from '../session.ts';

export function addShell(program: Command, session: Session): void {
  program
    .command('shell')
    .summary('work with a daemon line by line')
    .description(
      'Lines instead of commands: "configure", "service NAME", "ports 80", "backend 10.0.0.11 5", "commit". What is changed is ' +
        'staged first, and committed all at once or not at all. Every command of lbctl works too. Tab completes; lines are kept ' +
        'in the state folder of the user (LBCTL_HISTORY names another file, empty is none). Reads a script from a pipe, and ' +
        'ends at its first error. Bare "lbctl" on a terminal is the same.',
    )
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([['lbctl shell < changes.txt', 'all of a script, or what came before its first error']]),
    )
    .action(async (_options: object, command: Command) => {
      const { runShell } = await import('../shell/run-shell.ts');
      const { runCli } = await import('../run-cli.ts');
      const { toolbox } = session;
      const env = { ...toolbox.env, ...saidHere(command) };
      await runShell(session, command, (words) => runCli(words, { ...toolbox, env }));
    });
}

/** What was said for the shell holds for the commands in it. */
function saidHere(command: Command): Readonly<Record<string, string>> {
  const said = command.optsWithGlobals<Readonly<Record<string, string | undefined>>>();
  const names = {
    config: 'LBCTL_CONFIG',
    socket: 'LBCTL_SOCKET',
    server: 'LBCTL_SERVER',
    ca: 'LBCTL_CA',
    cert: 'LBCTL_CERT',
    key: 'LBCTL_KEY',
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([option, variable]) => {
      const value = said[option];
      return value === undefined ? [] : [[variable, value]];
    }),
  );
}

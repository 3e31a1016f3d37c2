// The command tree. Definitions are light; what a command does is imported when it runs.
import { Command, Option } from 'commander';
import { addApply } from './commands/apply.ts';
import { addAudit } from './commands/audit.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfirm, addReload } from './commands/control.ts';
import { addDaemon } from './commands/daemon.ts';
import { addDisable } from './commands/disable.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvents } from './commands/events.ts';
import { addFmt } from './commands/fmt.ts';
import { addHa } from './commands/ha.ts';
import { addHelp } from './commands/help.ts';
import { addDiff, addHistory, addRollback, addSnapshot } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addLab } from './commands/lab.ts';
import { addDrain, addMember } from './commands/member.ts';
import { addCreate, addDelete, addGet, addSet } from './commands/objects.ts';
import { addOperation } from './commands/operation.ts';
import { addPki } from './commands/pki.ts';
import { addPlan } from './commands/plan.ts';
import { addRealserver } from './commands/realserver.ts';
import { addShell } from './commands/shell.ts';
import { addShow } from './commands/show.ts';
import { addStatus } from './commands/status.ts';
import { addSupport } from './commands/support.ts';
import { addSystem } from './commands/system.ts';
import { addToken } from './commands/token.ts';
import { addTop } from './commands/top.ts';
import { addValidate } from './commands/validate.ts';
import { addVersion } from './commands/version.ts';
import { examples } from './examples.ts';
import { remoteOptions } from './find-daemon.ts';
import { COLOUR_CHOICES, DEFAULT_CONFIG, type Session } from './session.ts';

export function createProgram(session: Session): Command {
  const { toolbox } = session;
  const program = new Command('lbctl')
    .description('One declarative control plane for Linux load balancers')
    .version(toolbox.version, '-V, --version', 'print the version')
    .option('-c, --config <file>', `configuration file; also LBCTL_CONFIG (default: ${DEFAULT_CONFIG})`)
    .addOption(
      new Option('--color <when>', 'colour; "auto" means on a terminal without NO_COLOR').choices(
        COLOUR_CHOICES,
      ),
    )
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText(
      'after',
      examples([
        ['lbctl validate -c web.yaml', 'is it right?'],
        ['lbctl plan -c web.yaml --against memory', 'what would an empty machine get?'],
        ['lbctl apply -c web.yaml --engine-override memory', 'try it without root'],
      ]),
    );
  for (const option of remoteOptions()) program.addOption(option);
  // Settings that commands inherit must stand before the commands are added.
  program
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => toolbox.stdout.write(text),
      writeErr: (text) => toolbox.stderr.write(text),
      getOutHelpWidth: () => toolbox.stdout.columns,
      getErrHelpWidth: () => toolbox.stdout.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(`${text.trimEnd()}\n  hint: See "lbctl help"\n`),
    });
  for (const add of [
    addValidate,
    addFmt,
    addImport,
    addShow,
    addPlan,
    addApply,
    addDaemon,
    addDisable,
    addStatus,
    addShell,
    addTop,
    addEvents,
    addDrain,
    addMember,
    addHa,
    addReload,
    addConfirm,
    addOperation,
    addToken,
    addPki,
    addAudit,
    addGet,
    addCreate,
    addSet,
    addDelete,
    addHistory,
    addDiff,
    addRollback,
    addSnapshot,
    addSystem,
    addRealserver,
    addDoctor,
    addSupport,
    addLab,
    addCompletion,
    addVersion,
    addHelp,
  ])
    add(program, session);
  return program;
}

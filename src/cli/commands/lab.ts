// lbctl lab: networks of namespaces with real daemons, to try a configuration, a failure or an idea in.
import { Argument, type Command } from 'commander';
import { examples } from '../examples.ts';
import type { ExitCode } from '../exit-code.ts';
import {
  CHAOS_ACTIONS,
  type Chaos,
  type ChaosAction,
  type LabMeasurement,
  type LabTopology,
} from '../lab-tool.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

const LAB = 'a lab of "lbctl lab list"';
const HOST = 'a host of the lab';

interface Shown {
  readonly output: OutputFormat;
}

export function addLab(program: Command, session: Session): void {
  const lab = program
    .command('lab')
    .summary('try it in a network of namespaces')
    .description(
      'Networks of namespaces with real daemons, web servers and a client. They stay until they are taken down; this ' +
        "machine's own network is not touched. Needs root.",
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl lab up pair', 'two balancers that share an address'],
        ['lbctl lab measure pair cut lb-a', 'what does a client see when a node goes?'],
        ['lbctl lab exec pair lb-b lbctl status', 'what does the other node say?'],
        ['lbctl lab down pair', 'nothing of it is left'],
      ]),
    );
  addList(lab, session);
  addUpAndDown(lab, session);
  addExec(lab, session);
  addChaos(lab, session);
  addMeasure(lab, session);
  lab
    .command('program', { hidden: true })
    .argument('<words...>')
    .action(async (words: readonly string[]) => (await session.toolbox.openLab()).program(words));
}

function addList(lab: Command, session: Session): void {
  lab
    .command('list')
    .summary('what labs there are, and which are up')
    .description(
      'All labs with the address that their clients ask, and which of them are up; of what is half there, what is missing.',
    )
    .addOption(outputOption())
    .action(async (options: Shown) => {
      const labs = await (await session.toolbox.openLab()).list();
      if (options.output !== 'table') return session.print(await toOutput(options.output, labs));
      const { renderTable } = await import('../table.ts');
      const state = ({ up, missing }: LabTopology) => (up ? 'up' : missing.length > 0 ? 'half' : '-');
      const rows = labs.map((one) => [one.name, state(one), one.url, one.summary]);
      const columns = [{ title: 'LAB' }, { title: 'STATE' }, { title: 'URL' }, { title: 'WHAT IT IS' }];
      session.print(renderTable(columns, rows, (text) => text));
      for (const { name, missing } of labs)
        if (missing.length > 0)
          session.print(
            `\n${name} lacks ${missing.join(', ')}; "lbctl lab chaos ${name} start HOST PROGRAM" starts what ended, "lbctl lab down ${name}" ends it all\n`,
          );
    });
}

function addUpAndDown(lab: Command, session: Session): void {
  lab
    .command('up')
    .summary('build a lab and start everything in it')
    .description(
      'Build the hosts and links of a lab, start its web servers and daemons, and wait until a client is answered.',
    )
    .argument('<lab>', LAB)
    .option(
      '--slower <factor>',
      'times every timer, for a machine that cannot keep up, such as an emulated one',
      '1',
    )
    .action(async (name: string, options: { readonly slower: string }) => {
      const slower = await wholeOf('--slower', options.slower, MOST_SLOWER);
      const tool = await session.toolbox.openLab();
      const { hosts, url } = await tool.up(name, { slower, say: (line) => session.tell(`${line}\n`) });
      session.print(`lab ${name} is up: hosts ${hosts.join(', ')}\n`);
      session.print(`try: lbctl lab exec ${name} client curl ${url}\n`);
    });
  lab
    .command('down')
    .summary('end everything in a lab and remove it')
    .description('End every process in a lab and remove its namespaces, files and pins, also of half a lab.')
    .argument('<lab>', LAB)
    .action(async (name: string) => {
      const wasUp = await (await session.toolbox.openLab()).down(name);
      session.print(wasUp ? `lab ${name} is gone\n` : `lab ${name} was not up\n`);
    });
}

function addExec(lab: Command, session: Session): void {
  lab
    .command('exec')
    .summary('run a command on a host of a lab')
    .description(
      'Run a command on a host of a lab, with this terminal; ends with the exit code of the command. On a balancer, lbctl ' +
        'finds the daemon and the configuration of that node.',
    )
    .argument('<lab>', LAB)
    .argument('<host>', HOST)
    .argument(
      '<command...>',
      'the command and its arguments, after -- where it has options of lbctl itself, such as -c',
    )
    .allowUnknownOption()
    .addHelpText(
      'after',
      examples([
        ['lbctl lab exec pair client curl -s http://192.0.2.10/', 'ask the service'],
        ['lbctl lab exec pair lb-a lbctl status', 'what the node says'],
        ['lbctl lab exec pair lb-a bash', 'a shell there'],
      ]),
    )
    .action(async (name: string, host: string, argv: readonly string[], _options: unknown, self: Command) => {
      if (self.optsWithGlobals().config !== undefined) {
        const { InputError } = await import('../../model/errors.ts');
        throw new InputError(
          'USAGE',
          'Cannot run the command as -c or --config would be taken for an option of "lab"',
          {
            hint: `lbctl lab exec ${name} ${host} -- ${argv[0]} ...`,
          },
        );
      }
      const code = await (await session.toolbox.openLab()).exec(name, host, argv);
      // Of another program, whatever it means by it.
      session.exitCode = code as ExitCode;
    });
}

function chaosArgument(): Argument {
  return new Argument('<action>', 'what to do').choices(CHAOS_ACTIONS);
}

function addChaos(lab: Command, session: Session): void {
  lab
    .command('chaos')
    .summary('cut a link, kill a program, and mend it')
    .description(
      'Break something in a lab, or mend it. "cut" takes the link of a host down, "silence" lets the switch drop all of it, ' +
        '"mend" undoes both. "kill", "pause" and "resume" signal a program, "start" starts it again: lbctl on balancers and ' +
        'web on servers unless another is named, such as keepalived or bgpd.',
    )
    .argument('<lab>', LAB)
    .addArgument(chaosArgument())
    .argument('<host>', HOST)
    .argument('[program]', 'the program that is meant')
    .addHelpText(
      'after',
      examples([
        ['lbctl lab chaos pair kill lb-a keepalived', 'the daemon has to notice'],
        ['lbctl lab chaos pair silence lb-a', 'a switch that fails'],
        ['lbctl lab chaos pair mend lb-a', 'and works again'],
      ]),
    )
    .action(async (name: string, action: ChaosAction, host: string, program?: string) => {
      const chaos: Chaos = { action, host, ...(program === undefined ? {} : { program }) };
      session.print(`${await (await session.toolbox.openLab()).chaos(name, chaos)}\n`);
    });
}

interface MeasureOptions extends Shown {
  readonly for: string;
  readonly rate: string;
}

function addMeasure(lab: Command, session: Session): void {
  lab
    .command('measure')
    .summary('what a client sees, while nothing or something happens')
    .description(
      'Send a steady stream of requests, each on a new connection, and tell what came of them: failed requests, the longest ' +
        'time without an answer, and who answered. With an action of "lbctl lab chaos" that is done first.',
    )
    .argument('<lab>', LAB)
    .addArgument(chaosArgument().argOptional())
    .argument('[host]', HOST)
    .argument('[program]', 'the program that is meant')
    .option('--for <duration>', 'how long', '5s')
    .option('--rate <number>', 'requests a second', '200')
    .addOption(outputOption())
    .action(
      async (name: string, action?: ChaosAction, host?: string, program?: string, ...rest: unknown[]) => {
        const options = rest[0] as MeasureOptions;
        const { InputError } = await import('../../model/errors.ts');
        if (action !== undefined && host === undefined)
          throw new InputError('USAGE', `Cannot ${action} nothing: name a host after it`);
        const chaos =
          action === undefined || host === undefined
            ? {}
            : { chaos: { action, host, ...(program === undefined ? {} : { program }) } };
        const seconds = await secondsOf(options.for);
        const perSecond = await wholeOf('--rate', options.rate, MOST_PER_SECOND);
        const tool = await session.toolbox.openLab();
        const measured = await tool.measure(name, { seconds, perSecond, ...chaos });
        if (options.output === 'table') session.print(renderMeasurement(measured));
        else session.print(await toOutput(options.output, measured));
      },
    );
}

/** One client of one process; more would measure the client. */
const MOST_PER_SECOND = 2000;
const LONGEST_S = 3600;
const MOST_SLOWER = 100;

async function wholeOf(option: string, text: string, most: number): Promise<number> {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  const { InputError } = await import('../../model/errors.ts');
  throw new InputError(
    'USAGE',
    `Cannot run a lab as ${option} must be 1..${most}: current value is "${text}"`,
  );
}

async function secondsOf(text: string): Promise<number> {
  const { parseDuration } = await import('../../lib/duration.ts');
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST_S * 1000) return ms / 1000;
  const { InputError } = await import('../../model/errors.ts');
  throw new InputError(
    'USAGE',
    `Cannot measure as --for must be a duration up to 1h: current value is "${text}"`,
  );
}

function renderMeasurement(seen: LabMeasurement): string {
  const answers = Object.entries(seen.byServer).sort(([a], [b]) => (a < b ? -1 : 1));
  return `requests     ${seen.requests} in ${seen.seconds} s
failed       ${seen.failed}
longest gap  ${seen.longestGapMs} ms without an answer
answered by  ${answers.map(([name, count]) => `${name} ${count}`).join(', ') || 'nobody'}
`;
}

// lbctl show: every stage between the file and the plan, and what the daemon sees, as text or as data.
import { type Command, Option } from 'commander';
import { InputError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import type { World } from '../../model/world.ts';
import { examples } from '../examples.ts';
import { loadIntent } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import { engineOption } from './plan.ts';
import { addShowLive } from './show-live.ts';

interface ShowOptions {
  readonly output: OutputFormat;
  readonly engineOverride?: ConcreteEngine;
}

export function addShow(program: Command, session: Session): void {
  const show = program
    .command('show')
    .summary('show a stage between the file and the plan, or what the daemon sees now')
    .description(
      'Show a stage between the file and the plan, or what a running daemon sees now. Secrets print as [redacted].',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl show intent -o json', 'the configuration as it was understood'],
        ['lbctl show world web', 'what this node should do for listener "web"'],
        ['lbctl show members -o wide', 'health, weights and overrides now'],
        ['lbctl show rates --watch 1', 'traffic by listener and member'],
        ['lbctl show schema > config.schema.json', 'for an editor'],
      ]),
    );

  show
    .command('intent')
    .summary('the configuration as it was understood, defaults filled in')
    .description('The configuration as it was understood: older spellings rewritten, defaults filled in.')
    .argument('[listeners...]', 'only these listeners')
    .addOption(outputOption('yaml'))
    .action((names: string[], options: ShowOptions, command: Command) =>
      showIntent(names, options, session, command),
    );

  show
    .command('world')
    .summary('what this node should do')
    .description(
      'What this node should do: one row for each address and port, engines chosen, weights effective. Checks are assumed ' +
        'to pass and this node to be active.',
    )
    .argument('[listeners...]', 'only these listeners')
    .addOption(outputOption())
    .addOption(engineOption())
    .action((names: string[], options: ShowOptions, command: Command) =>
      showWorld(names, options, session, command),
    );

  show
    .command('items')
    .summary('what the drivers want, as a snapshot for "plan --against"')
    .description('What the drivers want, as a snapshot file that "lbctl plan --against FILE" reads.')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['json']).default('json'))
    .addOption(engineOption())
    .action((options: ShowOptions, command: Command) => showItems(options, session, command));

  addShowLive(show, session);

  show
    .command('schema')
    .summary('the JSON Schema of the configuration')
    .description('The JSON Schema of the configuration file, for editors and checks.')
    .addOption(
      new Option('-o, --output <format>', 'how to print it').choices(['json', 'yaml']).default('json'),
    )
    .action(async (options: { output: 'json' | 'yaml' }) => {
      const schema = await session.toolbox.configSchema();
      if (options.output === 'yaml') session.print(await toOutput('yaml', schema));
      else session.print(`${JSON.stringify(schema, null, 2)}\n`);
    });
}

async function showIntent(
  names: readonly string[],
  options: ShowOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const intent = await loadIntent(session, command);
  const listeners = pick(names, intent);
  const shown = names.length === 0 ? intent : { listeners, pools: poolsOf(listeners, intent) };
  session.print(await toOutput(options.output === 'json' ? 'json' : 'yaml', shown));
}

async function showWorld(
  names: readonly string[],
  options: ShowOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const intent = await loadIntent(session, command);
  pick(names, intent);
  const { worldOf } = await import('../plan-once.ts');
  const planes = await session.toolbox.openPlanes('paper');
  const world = worldOf(intent, planes, { engine: options.engineOverride, nowMs: session.toolbox.nowMs() });
  await planes.close();
  const shown = names.length === 0 ? world : onlyListeners(world, names);
  if (options.output === 'table') {
    const { renderWorld } = await import('../../plan/render-items.ts');
    session.print(renderWorld(shown));
  } else session.print(await toOutput(options.output, shown));
}

async function showItems(
  options: Pick<ShowOptions, 'engineOverride'>,
  session: Session,
  command: Command,
): Promise<void> {
  const intent = await loadIntent(session, command);
  const { worldOf } = await import('../plan-once.ts');
  const { writeSnapshot } = await import('../../plan/snapshot.ts');
  const planes = await session.toolbox.openPlanes('paper');
  const world = worldOf(intent, planes, { engine: options.engineOverride, nowMs: session.toolbox.nowMs() });
  const wanted = planes.drivers.map(
    (driver) => [driver.name, { items: driver.desired(world), foreign: new Map() }] as const,
  );
  await planes.close();
  session.print(writeSnapshot(new Map(wanted.filter(([, { items }]) => items.size > 0))));
}

/** The named listeners, or all; a name that does not exist is an error of its own code. */
function pick(names: readonly string[], intent: Intent): Intent['listeners'] {
  const unknown = names.filter((name) => !intent.listeners.has(name));
  if (unknown.length > 0)
    throw new InputError('NOT_FOUND', `Cannot show listener "${unknown.join('", "')}" as it does not exist`, {
      hint: `Listeners are ${listSome([...intent.listeners.keys()])}`,
    });
  if (names.length === 0) return intent.listeners;
  return new Map([...intent.listeners].filter(([name]) => names.includes(name)));
}

function poolsOf(listeners: Intent['listeners'], intent: Intent): Intent['pools'] {
  const wanted = new Set([...listeners.values()].map((listener) => listener.pool));
  return new Map([...intent.pools].filter(([name]) => wanted.has(name)));
}

function onlyListeners(world: World, names: readonly string[]): World {
  return {
    addresses: [],
    certificates: [],
    listeners: world.listeners.filter((listener) => names.includes(listener.name)),
    unplaced: world.unplaced.filter((listener) => names.includes(listener.listener)),
  };
}

function listSome(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}

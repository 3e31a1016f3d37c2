// lbctl get, create, set and delete: the objects of a running daemon, one by one.
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { examples } from '../examples.ts';
import { socketOption } from '../find-daemon.ts';
import { OBJECT_WORDS, type ObjectWord } from '../object-words.ts';
import { type ListFormat, listOption, type OutputFormat, outputOption } from '../output.ts';
import type { Session } from '../session.ts';
import { type WatchOptions, watchOption } from '../watch.ts';
import { addChangeOptions, type ChangeOptions } from './control.ts';

export interface GetOptions extends WatchOptions {
  readonly output: ListFormat;
  readonly source?: string;
  readonly sort?: string;
  readonly project?: string;
}

export interface WriteOptions extends ChangeOptions {
  readonly output: OutputFormat;
  readonly dryRun?: boolean;
  readonly cascade?: boolean;
  readonly file?: string;
  readonly project?: string;
}

const NAME = 'its name; of a member POOL/MEMBER, of a quota the project';
const SETTINGS = 'KEY=VALUE in the configuration language (the value as YAML), KEY- to take it away';

/** A quota is of a project, and no object. */
const KINDS = [...OBJECT_WORDS, 'quota'] as const;
type KindWord = (typeof KINDS)[number];

/** Several are meant by "listeners" as well. */
function kindArgument(words: readonly string[], needed = true): Argument {
  const argument = new Argument(needed ? '<kind>' : '[kind]', 'what it is').choices(words);
  return argument.argParser((given) => {
    const kind = words.find((word) => given === word || given === `${word}s`);
    if (kind !== undefined) return kind;
    throw new InvalidArgumentError(`Allowed choices are ${words.join(', ')}.`);
  });
}

function addWriteOptions(command: Command): Command {
  return addChangeOptions(
    command
      .option('--dry-run', 'show the plan, change nothing')
      .addOption(outputOption())
      .addOption(socketOption()),
  );
}

export function addGet(program: Command, session: Session): void {
  program
    .command('get')
    .summary('objects of the daemon, as configured and as they are')
    .description(
      'Objects of the running daemon: where each is written (a file or the API), and what became of it. With a name, one of ' +
        'them; "-o yaml" prints its spec, which "lbctl create -f" takes.',
    )
    .addArgument(kindArgument(KINDS))
    .argument('[object]', NAME)
    .option('--project <name>', 'only those of this project')
    .option('--source <api|file|listener>', 'only those written there')
    .option('--sort <key>', 'by this; with "-" the other way round')
    .addOption(listOption())
    .addOption(watchOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      examples([
        ['lbctl get listener', 'all of them'],
        ['lbctl get pool web -o yaml', 'its spec'],
        ['lbctl get member --sort -weight -o wide', 'the heaviest first'],
        ['lbctl get quota', 'what each project has and may have'],
      ]),
    )
    .action(async (kind: KindWord, name: string | undefined, options: GetOptions, own: Command) => {
      if (kind === 'quota') return (await import('../quotas.ts')).getQuotas(name, options, session, own);
      const { getObjects } = await import('../get-objects.ts');
      await getObjects(kind, name, options, session, own);
    });
}

export function addCreate(program: Command, session: Session): void {
  addWriteOptions(
    program
      .command('create')
      .summary('make an object through the API')
      .description(
        'Make an object. It is kept by the daemon, beside those of the files and judged with them. With -f, from a YAML file: ' +
          'the spec of one object, or "vips", "pools", "listeners" and "certificates" as in a configuration, all or none.',
      )
      .addArgument(kindArgument(OBJECT_WORDS, false))
      .argument('[object]', NAME)
      .argument('[settings...]', SETTINGS)
      .option('-f, --file <file>', 'read it from there')
      .option('--project <name>', 'it belongs to this project'),
  )
    .addHelpText(
      'after',
      examples([
        ['lbctl create vip www address=192.0.2.10', ''],
        ["lbctl create pool web members='[{address: 10.0.0.1, port: 80}]' health.type=tcp", ''],
        ['lbctl create listener web vip=www port=80 pool=web --dry-run', 'what would it do?'],
        ['lbctl create member web/w2 address=10.0.0.2 port=80 weight=3', ''],
        ['lbctl create -f shop.yaml', 'many, all or none'],
      ]),
    )
    .action(
      async (
        kind: ObjectWord | undefined,
        name: string | undefined,
        settings: string[],
        options: WriteOptions,
        own: Command,
      ) => {
        const { createObject } = await import('../write-objects.ts');
        await createObject({ kind, name, settings }, options, session, own);
      },
    );
}

export function addSet(program: Command, session: Session): void {
  addWriteOptions(
    program
      .command('set')
      .summary('change an object through the API')
      .description(
        'Change some keys of an object; the others stay. What somebody else changed in the same moment is not overwritten.',
      )
      .addArgument(kindArgument(KINDS))
      .argument('<object>', NAME)
      .argument('<settings...>', SETTINGS),
  )
    .addHelpText(
      'after',
      examples([
        ['lbctl set member web/w1 weight=0', 'no new connections'],
        ['lbctl set listener web limits.connections=10000 persistence-', ''],
        ['lbctl set quota shop listeners=10 members=100', 'a project may have so many'],
      ]),
    )
    .action(async (kind: KindWord, name: string, settings: string[], options: WriteOptions, own: Command) => {
      if (kind === 'quota')
        return (await import('../quotas.ts')).setQuota(name, settings, options, session, own);
      const { setObject } = await import('../write-objects.ts');
      await setObject({ kind, name, settings }, options, session, own);
    });
}

export function addDelete(program: Command, session: Session): void {
  addWriteOptions(
    program
      .command('delete')
      .summary('take an object away through the API')
      .description(
        'Take an object away. Objects that others use stay, unless --cascade takes these away too; of a listener it takes the ' +
          'pool and VIPs that nobody else uses.',
      )
      .addArgument(kindArgument(KINDS))
      .argument('<object>', NAME)
      .option('--cascade', 'with what refers to it'),
  )
    .addHelpText('after', examples([['lbctl delete listener web --cascade', 'with its pool and VIP']]))
    .action(async (kind: KindWord, name: string, options: WriteOptions, own: Command) => {
      if (kind === 'quota') return (await import('../quotas.ts')).deleteQuota(name, options, session, own);
      const { deleteObject } = await import('../write-objects.ts');
      await deleteObject({ kind, name }, options, session, own);
    });
}

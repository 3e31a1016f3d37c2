// lbctl pki: an authority of our own for the API and for peers, without openssl.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { API_ROLES, type ApiRole } from '../../model/settings.ts';
import { examples } from '../examples.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import type { Pki, PkiCertificate, PkiUse } from '../toolbox.ts';

const DEFAULT_FOLDER = '/etc/lbctl/pki';
const CA_DAYS = 3650;
/** What browsers and most programs still take of a server. */
const LEAF_DAYS = 397;
const DAY_MS = 86_400_000;

interface PkiOptions {
  readonly dir: string;
  readonly output: OutputFormat;
}

export function addPki(program: Command, session: Session): void {
  const pki = program
    .command('pki')
    .summary('make and renew the certificates of the API')
    .description(
      'An authority in a folder (ECDSA P-256; keys readable by their owner alone), certificates of servers, clients and ' +
        'peers that it signs, and a list of those it took back. No openssl is needed.',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl pki init', 'once, on one machine'],
        ['lbctl pki issue server lb-a --names lb-a.example.com,192.0.2.2', 'for api.tls of lb-a'],
        ['lbctl pki issue client ops --role operator', 'for a person or a program'],
        ['lbctl pki renew --within 30d', 'from a timer'],
      ]),
    );
  pki
    .command('init')
    .summary('make the authority')
    .description(
      'Make the authority, and an empty list of revoked certificates. Never writes over one that is there.',
    )
    .option('--name <text>', 'common name of the authority', 'lbctl authority')
    .addOption(daysOption(CA_DAYS))
    .addOption(dirOption())
    .addOption(outputOption())
    .action(async (options: PkiOptions & { name: string; days: number }) => {
      const made = (await open(options, session)).init(options);
      await tell(session, options, [made], `${made.certificate} is the authority; keep ${made.key} secret\n`);
    });
  const issue = pki
    .command('issue')
    .summary('sign a new certificate')
    .description('Make a key and sign its certificate.');
  for (const [use, summary] of [
    ['server', 'for api.tls, or a listener'],
    ['client', 'for a caller of the API'],
    ['peer', 'for another node: server and client in one'],
  ] as const)
    addIssue(issue, use, summary, session);
  pki
    .command('renew')
    .summary('new key and certificate, same names')
    .description(
      'Make a new key and certificate with the same names. A running daemon takes new files of its API by itself. The old ' +
        'certificate stays good until it ends; revoke and issue where it must not.',
    )
    .argument('[names...]', 'as "lbctl pki list" has them')
    .option('--within <duration>', 'all that end within this time, such as 30d')
    .addOption(
      new Option('--days <days>', 'how long they are good (default: as long as before)').argParser(toDays),
    )
    .addOption(dirOption())
    .addOption(outputOption())
    .action((names: string[], options: PkiOptions & { within?: string; days?: number }) =>
      renew(names, options, session),
    );
  pki
    .command('revoke')
    .summary('take certificates of a name back')
    .description(
      'Take all certificates of a name back: they stand in ca.crl, which api.tls.client_crl names.',
    )
    .argument('<name>', 'as "lbctl pki list" has it')
    .addOption(dirOption())
    .addOption(outputOption())
    .action(async (name: string, options: PkiOptions) => {
      const revoked = (await open(options, session)).revoke(name);
      await tell(session, options, [revoked], `${name} is revoked; give ca.crl to every node\n`);
    });
  pki
    .command('list')
    .summary('what was issued, and until when it is good')
    .description('What was issued, and until when it is good, the authority first.')
    .addOption(dirOption())
    .addOption(outputOption())
    .action(async (options: PkiOptions, command: Command) => {
      const all = (await open(options, session)).list();
      await tell(session, options, all, await tableOf(all, session, command));
    });
}

function addIssue(issue: Command, use: PkiUse, summary: string, session: Session): void {
  const command = issue
    .command(use)
    .summary(summary)
    .description(`Make a key and sign its certificate ${summary}.`)
    .argument('<name>', 'common name, and name of the files')
    .option('--names <list>', 'host names and addresses it is good for, by commas', toWords)
    .addOption(daysOption(LEAF_DAYS))
    .addOption(dirOption())
    .addOption(outputOption());
  if (use === 'client')
    command.addOption(new Option('--role <role>', 'what it may do').choices(API_ROLES).default('viewer'));
  command.action(
    async (name: string, options: PkiOptions & { names?: string[]; days: number; role?: ApiRole }) => {
      const { days, role } = options;
      const names = options.names ?? (use === 'client' ? [] : [name]);
      const made = (await open(options, session)).issue({ name, use, role, names, days });
      await tell(
        session,
        options,
        [made],
        `${made.certificate} and ${made.key}, good until ${dayOf(made.notAfterMs)}\n`,
      );
    },
  );
}

async function renew(
  names: readonly string[],
  options: PkiOptions & { within?: string; days?: number },
  session: Session,
): Promise<void> {
  const { InputError } = await import('../../model/errors.ts');
  const { parseDuration } = await import('../../lib/duration.ts');
  const pki = await open(options, session);
  const withinMs = options.within === undefined ? undefined : parseDuration(options.within);
  if (
    (options.within !== undefined && withinMs === undefined) ||
    (names.length === 0) === (withinMs === undefined)
  )
    throw new InputError('USAGE', 'Cannot say which certificates to renew', {
      hint: 'Name them, or say --within with a duration such as 30d',
    });
  const beforeMs = session.toolbox.nowMs() + (withinMs ?? 0);
  const wanted =
    names.length > 0
      ? names
      : pki
          .list()
          .filter(
            ({ use, state, notAfterMs }) =>
              use !== 'authority' && (state === 'valid' || state === 'expired') && notAfterMs < beforeMs,
          )
          .map(({ name }) => name);
  const renewed = wanted.map((name) => pki.renew(name, options.days));
  const lines = renewed.map((one) => `${one.certificate} is good until ${dayOf(one.notAfterMs)}\n`);
  await tell(
    session,
    options,
    renewed,
    lines.length === 0 ? 'nothing ends within that time\n' : lines.join(''),
  );
}

function open({ dir }: PkiOptions, session: Session): Promise<Pki> {
  return session.toolbox.openPki(dir);
}

async function tell(
  session: Session,
  { output }: PkiOptions,
  data: readonly PkiCertificate[],
  text: string,
): Promise<void> {
  session.print(output === 'table' ? text : await toOutput(output, data));
}

async function tableOf(all: readonly PkiCertificate[], session: Session, command: Command): Promise<string> {
  const { renderTable } = await import('../table.ts');
  const { paint } = await import('../../plan/paint.ts');
  const now = session.toolbox.nowMs();
  return renderTable(
    ['NAME', 'USE', 'ROLE', 'STATE', 'UNTIL', 'DAYS', 'NAMES'].map((title) => ({ title })),
    all.map(({ name, use, role, state, notAfterMs, names }) => [
      name,
      use,
      role ?? '-',
      state,
      dayOf(notAfterMs),
      String(Math.floor((notAfterMs - now) / DAY_MS)),
      names.join(',') || '-',
    ]),
    paint(session.colour(command)).bold,
  );
}

function dirOption(): Option {
  return new Option('--dir <folder>', 'folder of the authority').default(DEFAULT_FOLDER);
}

function daysOption(days: number): Option {
  return new Option('--days <days>', 'how long it is good').argParser(toDays).default(days);
}

function toDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new InvalidArgumentError('It must be 1..36500.');
  return days;
}

function toWords(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

// lbctl audit: who wrote what, whether that list is whole, and all of it for elsewhere.
import { type Command, InvalidArgumentError } from 'commander';
import type { AuditEntry, AuditVerdict } from '../../model/audit.ts';
import type { Client } from '../client.ts';
import { examples } from '../examples.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface ListOptions {
  readonly output: OutputFormat;
  readonly last: number;
  readonly who?: string;
  readonly action?: string;
}

const PAGE = 1000;
/** More pages than the log can have entries. */
const MOST_PAGES = 20_000;

export function addAudit(program: Command, session: Session): void {
  const audit = program
    .command('audit')
    .summary('who changed what')
    .description(
      'Every write through the API, whatever came of it: who, what, and how it was before and after. Each entry carries the ' +
        'hash of the one before, so that a changed or missing one shows.',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl audit list --who token:ci', 'what it did'],
        ['lbctl audit verify --head 1042:5f3c...', 'nothing was cut off since that was noted'],
        ['lbctl audit export > audit.ndjson', 'one entry a line'],
      ]),
    );
  audit
    .command('list')
    .summary('the last writes')
    .description('The last writes, newest last.')
    .option('-n, --last <count>', 'how many', toCount, 50)
    .option('--who <name>', 'of this caller alone')
    .option('--action <name>', 'this action alone')
    .addOption(outputOption())
    .addOption(socketOption())
    .action((options: ListOptions, command: Command) => list(options, session, command));
  audit
    .command('verify')
    .summary('whether the log is whole')
    .description('Follow the chain from the first entry to the last; ends with 1 where it is broken.')
    .option('--head <number:hash>', 'an entry noted earlier or elsewhere, that must be in it')
    .addOption(outputOption())
    .addOption(socketOption())
    .action((options: { output: OutputFormat; head?: string }, command: Command) =>
      verify(options, session, command),
    );
  audit
    .command('export')
    .summary('all of it, one JSON entry a line')
    .description('All entries, oldest first, one JSON entry a line.')
    .option('--after <number>', 'only entries after this number', toCount, 0)
    .addOption(socketOption())
    .action(async ({ after }: { after: number }, command: Command) => {
      const client = await findDaemon(session, command);
      await pages(client, after, (entries) => {
        for (const entry of entries) session.print(`${JSON.stringify(entry)}\n`);
      });
    });
}

async function list(options: ListOptions, session: Session, command: Command): Promise<void> {
  const { last, who, action, output } = options;
  const client = await findDaemon(session, command);
  const { items } = await client.get<{ items: AuditEntry[] }>('/v1/audit', { limit: last, who, action });
  if (output !== 'table') {
    session.print(await toOutput(output, items));
    return;
  }
  if (items.length === 0) {
    session.print('nothing was written\n');
    return;
  }
  const { renderTable } = await import('../table.ts');
  const { paint } = await import('../../plan/paint.ts');
  const text = renderTable(
    ['NUMBER', 'AT', 'WHO', 'ACTION', 'TARGET', 'STATUS', 'CHANGE'].map((title) => ({ title })),
    items.map(({ number, atMs, who: by, action: what, target, status, change }) => [
      String(number),
      new Date(atMs).toISOString(),
      by,
      what,
      target === '' ? '-' : target,
      String(status),
      change === undefined ? '-' : JSON.stringify(change),
    ]),
    paint(session.colour(command)).bold,
  );
  session.print(text);
}

async function verify(
  { output, head }: { output: OutputFormat; head?: string },
  session: Session,
  command: Command,
): Promise<void> {
  const noted = head === undefined ? undefined : await readHead(head);
  const client = await findDaemon(session, command);
  const verdict = await client.get<AuditVerdict>('/v1/audit/verdict');
  const missing = noted === undefined ? undefined : await missingOf(client, noted, verdict);
  const ok = verdict.ok && missing === undefined;
  if (output !== 'table')
    session.print(await toOutput(output, { ...verdict, ok, ...(missing === undefined ? {} : { missing }) }));
  else {
    const { entries, first, fault } = verdict;
    if (fault !== undefined) session.print(`broken at entry ${fault.number}: ${fault.why}\n`);
    if (missing !== undefined) session.print(`${missing}\n`);
    if (ok)
      session.print(
        `whole: ${entries} entries from ${first} on; head ${verdict.head.number}:${verdict.head.hash}\n`,
      );
  }
  if (!ok) session.exitCode = 1;
}

async function missingOf(
  client: Client,
  noted: { number: number; hash: string },
  { first, head }: AuditVerdict,
): Promise<string | undefined> {
  if (noted.number > head.number) return `entry ${noted.number} is missing: the log ends at ${head.number}`;
  if (noted.number < first) return `entry ${noted.number} cannot be looked at: the log begins at ${first}`;
  const { items } = await client.get<{ items: AuditEntry[] }>('/v1/audit', {
    after: noted.number - 1,
    limit: 1,
  });
  return items[0]?.hash === noted.hash ? undefined : `entry ${noted.number} is another than the one noted`;
}

async function readHead(text: string): Promise<{ number: number; hash: string }> {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number !== undefined && hash !== undefined) return { number: Number(number), hash };
  const { InputError } = await import('../../model/errors.ts');
  throw new InputError('USAGE', `Cannot read "${text}" as NUMBER:HASH`, {
    hint: '"lbctl audit verify" prints the head so',
  });
}

async function pages(client: Client, from: number, take: (entries: AuditEntry[]) => void): Promise<void> {
  let after = from;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items } = await client.get<{ items: AuditEntry[] }>('/v1/audit', { after, limit: PAGE });
    take(items);
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE) return;
    after = last.number;
  }
}

function toCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > 1e15)
    throw new InvalidArgumentError('It must be a whole number.');
  return count;
}

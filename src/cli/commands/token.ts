// lbctl token: who may talk to the API over TCP without a certificate.
import { type Command, Option } from 'commander';
import type { ApiToken } from '../../model/api-token.ts';
import { API_ROLES } from '../../model/settings.ts';
import { examples } from '../examples.ts';
import { findDaemon, socketOption } from '../find-daemon.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly role: string;
  readonly project?: string;
  readonly expires: string;
  readonly output: OutputFormat;
}

export function addToken(program: Command, session: Session): void {
  const token = program
    .command('token')
    .summary('make, list and revoke tokens of the API')
    .description('Tokens with which programs talk to the API over TCP. The daemon keeps their hashes alone.')
    .addHelpText(
      'after',
      examples([
        ['lbctl token create ci --role operator --expires 30d', 'told once: keep it'],
        ['LBCTL_TOKEN=... lbctl status --server https://lb-a:9443 --ca ca.pem', 'use it elsewhere'],
      ]),
    );
  token
    .command('create')
    .summary('make a token')
    .description('Make a token and print it: this is the only time it is told.')
    .argument('<name>', 'who or what will use it')
    .addOption(new Option('--role <role>', 'what it may do').choices(API_ROLES).default('viewer'))
    .option('--project <name>', 'only objects of this project')
    .option('--expires <duration>', 'how long it is good, such as 30d, or "never"', '90d')
    .addOption(outputOption())
    .addOption(socketOption())
    .action((name: string, options: CreateOptions, command: Command) =>
      create(name, options, session, command),
    );
  token
    .command('list')
    .summary('which tokens there are')
    .description(
      'Which tokens there are, who made them, when they were last used and until when they are good.',
    )
    .addOption(outputOption())
    .addOption(socketOption())
    .action((options: { output: OutputFormat }, command: Command) => list(options.output, session, command));
  token
    .command('revoke')
    .summary('end a token at once')
    .description('End a token at once.')
    .argument('<id>', 'as "lbctl token list" has it')
    .addOption(socketOption())
    .action(async (id: string, _options: object, command: Command) => {
      const { word } = await import('../client.ts');
      const client = await findDaemon(session, command);
      await client.call('DELETE', `/v1/tokens/${word(id)}`);
      session.print(`${id} is revoked\n`);
    });
}

async function create(
  name: string,
  options: CreateOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const { role, project, expires, output } = options;
  const client = await findDaemon(session, command);
  const made = await client.call<{ token: string; info: ApiToken }>('POST', '/v1/tokens', {
    body: { name, role, expires, ...(project === undefined ? {} : { project }) },
  });
  if (output !== 'table') {
    session.print(await toOutput(output, made));
    return;
  }
  // The token alone on standard output: it can go straight into a file.
  session.print(`${made.token}\n`);
  session.tell(`${made.info.id}: role ${role}, ${untilOf(made.info)}. It is told only now.\n`);
}

async function list(output: OutputFormat, session: Session, command: Command): Promise<void> {
  const client = await findDaemon(session, command);
  const { items } = await client.get<{ items: ApiToken[] }>('/v1/tokens');
  if (output !== 'table') {
    session.print(await toOutput(output, items));
    return;
  }
  if (items.length === 0) {
    session.print('there are no tokens\n');
    return;
  }
  const { renderTable } = await import('../table.ts');
  const { paint } = await import('../../plan/paint.ts');
  const now = session.toolbox.nowMs();
  const text = renderTable(
    ['ID', 'NAME', 'ROLE', 'PROJECT', 'STATE', 'LAST USED', 'MADE BY'].map((title) => ({ title })),
    items.map((one) => [
      one.id,
      one.name,
      one.role,
      one.project ?? '-',
      stateOf(one, now),
      one.lastUsedMs === undefined ? 'never' : new Date(one.lastUsedMs).toISOString().slice(0, 16),
      one.createdBy,
    ]),
    paint(session.colour(command)).bold,
  );
  session.print(text);
}

function stateOf(info: ApiToken, nowMs: number): string {
  if (info.revokedMs !== undefined) return 'revoked';
  return info.expiresMs !== undefined && nowMs >= info.expiresMs ? 'expired' : untilOf(info);
}

function untilOf({ expiresMs }: ApiToken): string {
  return expiresMs === undefined
    ? 'good for ever'
    : `good until ${new Date(expiresMs).toISOString().slice(0, 16)}`;
}

// Where the daemon is: what the person says, else the environment, else the configuration, else the usual place.
import { type Command, Option } from 'commander';
import { redactText } from '../lib/redact.ts';
import { Secret } from '../lib/secret.ts';
import { InputError } from '../model/errors.ts';
import { Client, NoDaemon, type Remote } from './client.ts';
import type { Session } from './session.ts';

export const DEFAULT_SOCKET = '/run/lbctl/api.sock';

export interface SocketOptions {
  readonly socket?: string;
}

export function socketOption(): Option {
  return new Option(
    '--socket <file>',
    `socket of the daemon; also LBCTL_SOCKET (default: api.socket of the configuration, or ${DEFAULT_SOCKET})`,
  );
}

export async function findDaemon(session: Session, command: Command): Promise<Client> {
  const remote = await findRemote(session, command);
  return new Client({ to: remote ?? (await socketPath(session, command)) });
}

interface RemoteOptions {
  readonly server?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export function remoteOptions(): Option[] {
  return [
    new Option(
      '--server <url>',
      'a daemon elsewhere: https://HOST:PORT; also LBCTL_SERVER, with a token in LBCTL_TOKEN',
    ),
    new Option('--ca <file>', 'authority of its certificate; also LBCTL_CA'),
    new Option('--cert <file>', 'our certificate; also LBCTL_CERT'),
    new Option('--key <file>', 'its key; also LBCTL_KEY'),
  ];
}

/** What the person says wins over the environment; a socket that is said wins over a server of the environment. */
async function findRemote(session: Session, command: Command): Promise<Remote | undefined> {
  const { readText, env } = session.toolbox;
  const options = command.optsWithGlobals<RemoteOptions & SocketOptions>();
  const server = options.server ?? (options.socket === undefined ? env.LBCTL_SERVER || undefined : undefined);
  if (server === undefined) return undefined;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new InputError('USAGE', `Cannot reach "${redactText(server)}" as it is no https://HOST:PORT`, {
      hint: 'Tokens go into LBCTL_TOKEN, never into the URL',
    });
  const text = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined || path === '' ? undefined : readText(path);
  const [ca, cert, key] = await Promise.all([
    text(options.ca ?? env.LBCTL_CA),
    text(options.cert ?? env.LBCTL_CERT),
    text(options.key ?? env.LBCTL_KEY),
  ]);
  const token = env.LBCTL_TOKEN?.trim() || undefined;
  return {
    server,
    ...(token === undefined ? {} : { token: new Secret(token, 'env:LBCTL_TOKEN') }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: new Secret(key, 'file') }),
  };
}

/** A command that changes the machine by itself would be undone by a daemon within a second: it refuses. */
export async function requireNoDaemon(session: Session, command: Command, instead: string): Promise<void> {
  const client = await findDaemon(session, command);
  const answers = await client.get('/v1/version').then(
    () => true,
    (error: unknown) => !(error instanceof NoDaemon),
  );
  if (!answers) return;
  throw new InputError(
    'CONFLICT',
    `Cannot ${command.name()} as a daemon runs on "${client.target}" and would undo it`,
    {
      hint: instead,
    },
  );
}

async function socketPath(session: Session, command: Command): Promise<string> {
  const { socket } = command.optsWithGlobals<SocketOptions>();
  const named = socket ?? session.toolbox.env.LBCTL_SOCKET;
  if (named !== undefined && named !== '') return named;
  const path = session.configPath(command);
  const loaded = await session.toolbox.loadConfig(path).catch(() => undefined);
  // A configuration with errors does not say where the daemon is; the daemon runs on the last good one.
  const intent = loaded?.intent ?? (await session.toolbox.loadKept(path, 'wished').catch(() => undefined));
  return intent?.api.socket ?? DEFAULT_SOCKET;
}

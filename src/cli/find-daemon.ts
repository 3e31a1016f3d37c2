// Where the daemon's socket is: what the person says, else the environment, else the configuration, else the usual place.
import { type Command, Option } from 'commander';
import { InputError } from '../model/errors.ts';
import { Client, NoDaemon } from './client.ts';
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
  return new Client({ socket: await socketPath(session, command) });
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
    `Cannot ${command.name()} as a daemon runs on "${client.socket}" and would undo it`,
    {
      hint: instead,
    },
  );
}

async function socketPath(session: Session, command: Command): Promise<string> {
  const { socket } = command.optsWithGlobals<SocketOptions>();
  const named = socket ?? session.toolbox.env.LBCTL_SOCKET;
  if (named !== undefined && named !== '') return named;
  // A configuration with errors does not say where the daemon is; the daemon runs on the last good one.
  const loaded = await session.toolbox.loadConfig(session.configPath(command)).catch(() => undefined);
  return loaded?.intent?.api.socket ?? DEFAULT_SOCKET;
}

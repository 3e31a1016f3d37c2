// The unix socket of the API: taken over only from a dead daemon, never open to more than its mode says, not for a moment.
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { InputError, OpError } from '../../model/errors.ts';

const ASK_MS = 1000;
/** sockaddr_un.sun_path of <linux/un.h>, less its closing zero. */
const LONGEST_PATH = 107;

export interface UnixSocketSettings {
  readonly path: string;
  /** Octal: `0660`. */
  readonly mode: string;
  readonly group?: string | undefined;
}

export async function listenUnix(server: Server, settings: UnixSocketSettings): Promise<void> {
  const { path } = settings;
  // What is wrong with them is told before there is a socket.
  const rights = rightsOf(settings);
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot listen on "${path}" as the path of a socket has at most ${LONGEST_PATH} bytes`,
    );
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  await removeStale(path);
  await bindClosed(server, path);
  setRights(path, rights);
}

/** Of a socket that is served. */
export function setSocketRights(settings: UnixSocketSettings): void {
  setRights(settings.path, rightsOf(settings));
}

interface Rights {
  readonly mode: number;
  readonly gid: number;
}

function rightsOf({ mode, group }: UnixSocketSettings): Rights {
  if (!/^0?[0-7]{3}$/.test(mode))
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot set the mode of the API socket: current value is "${mode}"`,
    );
  return {
    mode: Number.parseInt(mode, 8),
    gid: group === undefined ? (process.getgid?.() ?? 0) : groupId(group),
  };
}

/** Closed while its group changes: a moment of the wider mode with the other group would let in others. */
function setRights(path: string, { mode, gid }: Rights): void {
  if (lstatSync(path).gid !== gid) {
    chmodSync(path, 0o600);
    chownSync(path, process.getuid?.() ?? 0, gid);
  }
  chmodSync(path, mode);
}

/** Bound with mode 0600. `listen` binds before it returns, so the mask is ours for no longer than the call. */
function bindClosed(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void =>
      reject(
        new OpError('DRIVER_FAILED', `Cannot listen on "${path}": ${cause.message}`, {
          op: 'bind',
          target: path,
          ...(cause.code === undefined ? {} : { errno: cause.code }),
        }),
      );
    server.once('error', fail);
    const before = process.umask(0o177);
    try {
      server.listen({ path }, () => {
        server.off('error', fail);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new InputError(
      'CONFLICT',
      `Cannot listen on "${path}" as something that is no socket stands there`,
      {
        hint: 'Remove it, or set api.socket to another path',
      },
    );
  if (await answers(path))
    throw new InputError('CONFLICT', `Cannot listen on "${path}" as another daemon answers there`, {
      hint: 'Stop it first ("systemctl stop lbctl"), or set api.socket to another path',
    });
  unlinkSync(path);
}

/** Only a refused connection says that nobody is there; what hangs or fails otherwise may be alive. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(ASK_MS, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/** group(5): `name:password:id:members`. A number is taken as it is. */
function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  if (Number.isInteger(id)) return id;
  throw new InputError(
    'CONFIG_INVALID',
    `Cannot give the API socket to group "${group}" as there is no such group`,
    {
      hint: `Create it ("groupadd --system ${group}"), or correct api.socket_group`,
    },
  );
}

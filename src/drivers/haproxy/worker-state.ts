// What the running worker says of itself, read from the answers of its admin socket.

import { type Entries, type List, readShown, showCommand } from './lists.ts';

export interface LiveServer {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly state: 'ready' | 'maint';
}

export interface WorkerState {
  /** The description we gave it: which configuration it was started with. */
  readonly generation: string;
  readonly pid: number;
  readonly version: string;
  /** Frontends that accept connections. */
  readonly open: ReadonlySet<string>;
  /** Servers by backend and name. */
  readonly servers: ReadonlyMap<string, ReadonlyMap<string, LiveServer>>;
  /** Entries of lists by path. */
  readonly lists: ReadonlyMap<string, Entries>;
}

const STATE_COMMANDS = ['show info', 'show stat -1 1 -1', 'show servers state'] as const;

/** Bits of srv_admin_state (include/haproxy/server-t.h): maintenance forced, inherited, or from the configuration. */
const MAINT = 0x01 | 0x02 | 0x04 | 0x20;

export function stateCommands(lists: readonly List[]): readonly string[] {
  return [...STATE_COMMANDS, ...lists.map(showCommand)];
}

/** Answers to stateCommands(). A list the worker does not know is none of its configuration. */
export function readWorkerState(answers: readonly string[], lists: readonly List[]): WorkerState {
  const [info = '', stat = '', servers = '', ...shown] = answers;
  return {
    generation: infoField(info, 'description') ?? '',
    pid: Number(infoField(info, 'Pid') ?? 0),
    version: infoField(info, 'Version') ?? '',
    open: openFrontends(stat),
    servers: readServers(servers),
    lists: new Map(
      lists.flatMap(({ path }, index) => {
        const entries = readShown(shown[index] ?? '');
        return entries === undefined ? [] : [[path, entries]];
      }),
    ),
  };
}

export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1];
}

function openFrontends(csv: string): ReadonlySet<string> {
  const open = new Set<string>();
  for (const row of readCsv(csv)) if (row.status === 'OPEN') open.add(row.pxname!);
  return open;
}

/** Names of ours and figures hold neither commas nor quotes; only free texts of checks do, which we do not have. */
export function readCsv(csv: string): Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = csv.split('\n');
  const names = head.replace(/^# /, '').split(',');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split(',');
      return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
    });
}

function readServers(text: string): ReadonlyMap<string, ReadonlyMap<string, LiveServer>> {
  const backends = new Map<string, Map<string, LiveServer>>();
  for (const line of text.split('\n')) {
    // The version line has one word, the head begins with "#".
    const cells = line.split(' ');
    if (cells.length < 19 || line.startsWith('#')) continue;
    const [, backend = '', , name = '', address = '', , admin = '0', weight = '0'] = cells;
    const server: LiveServer = {
      address,
      port: Number(cells[18]),
      weight: Number(weight),
      state: (Number(admin) & MAINT) === 0 ? 'ready' : 'maint',
    };
    const known = backends.get(backend);
    if (known === undefined) backends.set(backend, new Map([[name, server]]));
    else known.set(name, server);
  }
  return backends;
}

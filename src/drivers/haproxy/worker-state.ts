// What the running worker says of itself, read from the answers of its admin socket.
import { type Entries, type List, readShown, showCommand } from './lists.ts';
import { readServers, type Servers } from './servers.ts';

export interface WorkerState {
  /** The description we gave it: which configuration it was started with. */
  readonly generation: string;
  readonly pid: number;
  readonly version: string;
  /** Frontends that accept connections. */
  readonly open: ReadonlySet<string>;
  readonly servers: Servers;
  /** Entries of lists by path. */
  readonly lists: ReadonlyMap<string, Entries>;
}

const STATE_COMMANDS = ['show info', 'show stat -1 1 -1', 'show servers state'] as const;

export function stateCommands(lists: readonly List[]): readonly string[] {
  return [...STATE_COMMANDS, ...lists.map(showCommand)];
}

/** Answers to stateCommands(). */
export function readWorkerState(
  answers: readonly string[],
  lists: readonly List[],
  before?: WorkerState,
): WorkerState {
  const [info = '', stat = '', servers = '', ...shown] = answers;
  return {
    generation: infoField(info, 'description') ?? '',
    pid: Number(infoField(info, 'Pid') ?? 0),
    version: infoField(info, 'Version') ?? '',
    open: openFrontends(stat),
    servers: readServers(servers, before?.servers),
    lists: readLists(shown, lists),
  };
}

/** By path. A list the worker does not know is none of its configuration. */
export function readLists(answers: readonly string[], lists: readonly List[]): ReadonlyMap<string, Entries> {
  return new Map(
    lists.flatMap(({ path }, index) => {
      const entries = readShown(answers[index] ?? '');
      return entries === undefined ? [] : [[path, entries] as const];
    }),
  );
}

export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1];
}

function openFrontends(csv: string): ReadonlySet<string> {
  const open = new Set<string>();
  for (const [name, status] of csvColumns(csv, ['pxname', 'status'])) if (status === 'OPEN') open.add(name!);
  return open;
}

/**
 * Only the columns asked for: a row has some ninety. Names of ours and figures hold neither commas nor quotes; only free
 * texts of checks do, which we do not have.
 */
export function csvColumns(csv: string, columns: readonly string[]): readonly (readonly string[])[] {
  const [head = '', ...lines] = csv.split('\n');
  const names = head.replace(/^# /, '').split(',');
  const places = columns.map((column) => names.indexOf(column));
  const last = Math.max(...places) + 1;
  return lines.flatMap((line) => {
    if (line === '') return [];
    const cells = line.split(',', last);
    return [places.map((place) => cells[place] ?? '')];
  });
}

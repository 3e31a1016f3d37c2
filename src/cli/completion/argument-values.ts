// What may stand at the place of an argument: choices, listeners of the configuration, files, labs, and what the daemon tells of.
import type { Argument, Command, Option } from 'commander';
import { OBJECT_WORDS, type ObjectWord } from '../object-words.ts';
import { DEFAULT_CONFIG, type Session } from '../session.ts';

export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

export interface Found {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

export const NOTHING: Found = { candidates: [], files: false };
export const FILES: Found = { candidates: [], files: true };

export interface Place {
  readonly command: Command;
  /** Chain from the program to the command; each one's options hold here. */
  readonly chain: readonly Command[];
  /** Positional words given to the command so far. */
  readonly given: readonly string[];
  /** The option whose value is being written. */
  readonly option?: Option;
  /** Value of `-c` so far. */
  readonly config?: string;
}

export async function argumentValues(argument: Argument, place: Place, session: Session): Promise<Found> {
  if (argument.argChoices !== undefined)
    return { candidates: argument.argChoices.map((word) => ({ word, meaning: '' })), files: false };
  if (argument.name().startsWith('listener')) return listenersOf(place, session);
  if (argument.name() === 'object') return objectsOf(place, session);
  const name = argument.name();
  if (name === 'lab' || name === 'host') return labsOf(name, place, session);
  const asked = ASKED[name];
  if (asked !== undefined) return askedOf(asked, place, session);
  if (argument.name() === 'settings') return settingsOf(place, session);
  return argument.name().startsWith('file') ? FILES : NOTHING;
}

/** A configuration with errors has no names to offer; completion is no place to say so. */
async function listenersOf(place: Place, session: Session): Promise<Found> {
  const path = place.config ?? (session.toolbox.env.LBCTL_CONFIG || DEFAULT_CONFIG);
  const { intent } = await session.toolbox.loadConfig(path);
  const names = [...(intent?.listeners.keys() ?? [])].filter((name) => !place.given.includes(name));
  return { candidates: names.map((word) => ({ word, meaning: 'listener' })), files: false };
}

interface Asked {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Of each item, what is offered and what it means. */
  readonly key: string;
  readonly meaning: string;
}

const MEMBERS: Asked = {
  path: '/v1/members',
  query: { fields: 'key,health', limit: 1000 },
  key: 'key',
  meaning: 'health',
};
const REVISIONS: Asked = { path: '/v1/revisions', query: { last: 20 }, key: 'number', meaning: 'reason' };

/** Arguments by their names, and where the daemon tells what may stand there. */
const ASKED: Readonly<Record<string, Asked>> = {
  member: MEMBERS,
  revision: REVISIONS,
  from: REVISIONS,
  to: REVISIONS,
  snapshot: { path: '/v1/snapshots', key: 'name', meaning: 'reason' },
  number: { path: '/v1/operations', key: 'number', meaning: 'action' },
  id: { path: '/v1/tokens', key: 'id', meaning: 'name' },
};
const QUOTAS: Asked = { path: '/v1/quotas', key: 'project', meaning: 'project' };

function objectsOf(place: Place, session: Session): Promise<Found> {
  const [kind] = place.given;
  if (kind === 'quota') return askedOf(QUOTAS, place, session);
  if (!OBJECT_WORDS.includes(kind as ObjectWord)) return Promise.resolve(NOTHING);
  if (kind === 'member') return askedOf(MEMBERS, place, session);
  const query = { fields: 'name', limit: 1000 };
  return askedOf({ path: `/v1/${kind}s`, query, key: 'name', meaning: kind! }, place, session);
}

/** Without a daemon there is nothing to offer. */
async function askedOf({ path, query, key, meaning }: Asked, place: Place, session: Session): Promise<Found> {
  try {
    const { findDaemon } = await import('../find-daemon.ts');
    const client = await findDaemon(session, place.command);
    const { items } = await client.get<{ items: Record<string, string | number>[] }>(path, query);
    const candidates = items.map((one) => ({
      word: String(one[key] ?? ''),
      meaning: String(one[meaning] ?? meaning),
    }));
    return { candidates, files: false };
  } catch {
    return NOTHING;
  }
}

async function labsOf(what: 'lab' | 'host', place: Place, session: Session): Promise<Found> {
  const labs = await (await session.toolbox.openLab()).list();
  const hosts = labs.find(({ name }) => name === place.given[0])?.hosts ?? [];
  const candidates =
    what === 'lab'
      ? labs.map(({ name, summary }) => ({ word: name, meaning: summary }))
      : hosts.map((word) => ({ word, meaning: 'host' }));
  return { candidates, files: false };
}

interface Described {
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly description?: string;
  readonly $ref?: string;
}

/** The keys of such an object in the configuration language, each with what it is for. */
async function settingsOf(place: Place, session: Session): Promise<Found> {
  const schema = (await session.toolbox.configSchema()) as Described & { $defs: Record<string, Described> };
  const [kind = ''] = place.given;
  const object = kind === 'member' ? schema.$defs.member : schema.properties?.[`${kind}s`]?.items;
  const candidates = Object.entries(object?.properties ?? {}).map(([key, { description }]) => ({
    word: `${key}=`,
    meaning: description ?? '',
  }));
  return { candidates, files: false };
}

// What workers that a reload left behind are told. Their proxies are stopped, so they take no command about servers: sessions are named
// one by one, and a map that only they read sends what still comes in over kept connections past members that failed since.
import type { Item } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import { backendName, standInPath } from './names.ts';
import type { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import { serverPlace } from './render/render.ts';
import { type BackendServers, type LiveServer, readServers } from './servers.ts';
import type { Store } from './store.ts';

/** Cuts what they still serve by these (`backend/server`). */
export async function cutInOldWorkers(process: HaproxyProcess, servers: readonly string[]): Promise<void> {
  if (servers.length === 0) return;
  const wanted = new Set(servers);
  await process.tellOldWorkers(async (tell) => {
    const sessions = sessionsOf((await tell(['show sess'])).join(), wanted);
    if (sessions.length > 0) await tell(sessions.map((id) => `shutdown session ${id}`));
  });
}

/** Ids of sessions with one of these servers, as `show sess` lists them. */
function sessionsOf(shown: string, servers: ReadonlySet<string>): readonly string[] {
  const rows = shown.matchAll(/^(0x[0-9a-f]+): .*? be=(\S+) srv=(\S+) /gm);
  return [...rows].flatMap(([, id = '', backend, server]) =>
    servers.has(`${backend}/${server}`) ? [id] : [],
  );
}

/** Of the containers of these steps, whom they are to ask instead of those they know and must not ask any more. */
export async function sendPastFailed(
  process: HaproxyProcess,
  store: Store,
  record: Record,
  steps: readonly Step[],
): Promise<void> {
  const moved = steps.filter(
    ({ verb, changes }) => verb !== 'change' || changes.some((name) => PLACES.has(name)),
  );
  const containers = [...new Set(moved.map(({ item }) => item.parent ?? ''))];
  if (containers.length === 0) return;
  const path = standInPath(store.settings);
  await process.tellOldWorkers(async (tell) => {
    const shown = await tell(containers.map((one) => `show servers state ${backendName(one)}`));
    const commands = containers.flatMap((container, index) => {
      const servers = readServers(shown[index] ?? '').get(backendName(container));
      if (servers === undefined) return [];
      return standInCommands(path, backendName(container), servers, record.members(container).values());
    });
    if (commands.length > 0) await tell(commands);
  });
}

/** What takes a member away or brings it back. One that drains goes on with those who stick to it. */
const PLACES: ReadonlySet<string> = new Set(['state', 'address', 'port']);

export function standInCommands(
  path: string,
  backend: string,
  servers: BackendServers,
  members: Iterable<Item>,
): readonly string[] {
  const byName = new Map([...members].map((member) => [serverPlace(member).name, member]));
  const known = [...servers.byName].filter(([, { state, weight }]) => state === 'ready' && weight > 0);
  const good = known.filter(([name, server]) => isThere(byName.get(name), server));
  const [standIn] = good.find(([name]) => byName.get(name)?.fields.weight !== 0) ?? [];
  const forget = `del map ${path} ${backend}`;
  if (good.length === known.length || standIn === undefined) return [forget];
  return [forget, `add map ${path} ${backend} ${standIn}`];
}

function isThere(member: Item | undefined, { address, port }: LiveServer): boolean {
  const fields = member?.fields;
  return fields?.state === 'ready' && fields.address === address && fields.port === port;
}

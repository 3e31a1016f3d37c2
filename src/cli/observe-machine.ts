// What the machine itself holds, for commands that find no daemon: read from the data planes, nothing assumed.
import type { Command } from 'commander';
import type { ItemCounters } from '../model/driver.ts';
import type { Observed } from '../model/item.ts';
import { renderItems } from '../plan/render-items.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import type { CounterRow, Stats } from './member-connections.ts';
import type { ListFormat } from './output.ts';
import { toOutput } from './output.ts';
import { observeAll } from './plan-once.ts';
import type { Session } from './session.ts';

/** Counters of this machine's data planes, in the shape the daemon gives them; undefined as for observeMachine(). */
export async function countMachine(session: Session, command: Command): Promise<Stats | undefined> {
  const loaded = await session.toolbox.loadConfig(session.configPath(command)).catch(() => undefined);
  if (loaded?.intent === undefined) return undefined;
  const planes = await session.toolbox.openPlanes('look', loaded.intent);
  try {
    // A driver that counts reads what it owns from what it saw last.
    await observeAll(planes.drivers);
    const drivers: Record<string, CounterRow[]> = {};
    for (const driver of planes.drivers) {
      const rows = await driver.counters?.();
      if (rows !== undefined) drivers[driver.name] = rows.map(toRow);
    }
    return { atMs: session.toolbox.nowMs(), drivers };
  } finally {
    await planes.close();
  }
}

function toRow(one: ItemCounters): CounterRow {
  const { key, activeConnections, inactiveConnections } = one;
  const { connections, packetsIn, packetsOut, bytesIn, bytesOut } = one;
  return {
    key,
    connections: String(connections),
    activeConnections,
    inactiveConnections,
    packetsIn: String(packetsIn),
    packetsOut: String(packetsOut),
    bytesIn: String(bytesIn),
    bytesOut: String(bytesOut),
  };
}

/** Undefined where no configuration says which machine it is: its folders and engines are named there. */
export async function observeMachine(session: Session, command: Command): Promise<Snapshot | undefined> {
  const loaded = await session.toolbox.loadConfig(session.configPath(command)).catch(() => undefined);
  if (loaded?.intent === undefined) return undefined;
  const planes = await session.toolbox.openPlanes('look', loaded.intent);
  try {
    return await observeAll(planes.drivers);
  } finally {
    await planes.close();
  }
}

export async function machineText(snapshot: Snapshot, format: ListFormat): Promise<string> {
  if (format === 'json' || format === 'yaml') {
    const drivers = [...snapshot].map(([name, { items, foreign }]) => [
      name,
      { items: [...items.values()], foreign: [...foreign.values()] },
    ]);
    return toOutput(format, { daemon: 'none', drivers: Object.fromEntries(drivers) });
  }
  const parts = [...snapshot].flatMap(([driver, observed]) => blockOf(driver, observed));
  return parts.length === 0 ? 'nothing of ours is on this machine\n' : parts.join('\n');
}

function blockOf(driver: string, { items, foreign }: Observed): string[] {
  const ours = items.size === 0 ? [] : [`${driver}:\n${renderItems(items)}`];
  const others = foreign.size === 0 ? [] : [`${driver}, made by others:\n${renderItems(foreign)}`];
  return [...ours, ...others];
}

export function tellNoDaemon(session: Session, socket: string): void {
  session.tell(`no daemon runs on "${socket}"; this is what the machine itself holds\n`);
}

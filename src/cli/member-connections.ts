// How many connections a member still has, over every data plane that sends it traffic.
import { InputError } from '../model/errors.ts';
import { memberItemKey } from '../model/keys.ts';
import { type ListenerStatus, membersOf, type Status } from '../model/status.ts';
import { type Client, listAll, word } from './client.ts';
import { type MemberView, toTarget } from './member-target.ts';

export interface CounterRow {
  readonly key: string;
  /** 64 bit numbers travel as decimal text. */
  readonly connections: string;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly packetsIn: string;
  readonly packetsOut: string;
  readonly bytesIn: string;
  readonly bytesOut: string;
}

export interface Stats {
  readonly atMs: number;
  readonly drivers: Readonly<Record<string, readonly CounterRow[]>>;
}

export async function connectionsOf(
  client: Client,
  name: string,
): Promise<{ weight: number; connections: number }> {
  const { pool, member } = toTarget(name);
  const [members, stats, status] = await Promise.all([
    listAll<MemberView>(client, `/v1/pools/${word(pool)}/members`),
    client.get<Stats>('/v1/stats'),
    client.get<Pick<Status, 'listeners'>>('/v1/status'),
  ]);
  const view = members.find((one) => one.name === member);
  if (view === undefined)
    throw new InputError('NOT_FOUND', `Cannot find member "${member}" in pool "${pool}"`, {
      hint: '"lbctl show members" lists them',
    });
  const listeners = new Set(view.listeners.map((row) => row.key));
  const keys = new Set(
    status.listeners.flatMap((listener) =>
      listeners.has(listener.key)
        ? holderOf(listener, pool)
            .members.filter((one) => one.name === member)
            .map((one) => memberItemKey(holderOf(listener, pool).key, one.key))
        : [],
    ),
  );
  const rows = Object.values(stats.drivers)
    .flat()
    .filter((row) => keys.has(row.key));
  return {
    weight: view.listeners.reduce((sum, row) => sum + (row.observedWeight ?? 0), 0),
    connections: rows.reduce((sum, row) => sum + row.activeConnections, 0),
  };
}

/** A listener that sends to the pool by a rule, or has it as its own. */
function holderOf(listener: ListenerStatus, pool: string): ReturnType<typeof membersOf>[number] {
  const all = membersOf(listener);
  return all.find((one) => one.pool === pool) ?? all[0]!;
}

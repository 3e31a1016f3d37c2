// What the row of a listener says, from what is wanted of it. Pure; writing it is the plane's work.
import type { ListenerEntry } from './entries.ts';
import { LISTENER_FLAG } from './layout.ts';
import type { ListenerRow } from './rows.ts';
import type { ListenerSpec } from './spec.ts';

export interface RowMeasures {
  /** Seconds of a tick. */
  readonly tickSeconds: number;
  /** Seconds of a rate window. */
  readonly windowSeconds: number;
  /** Number that marks our rows. */
  readonly owner: number;
}

export const NO_RING = { offset: 0, size: 0 } as const;

/** `sources` is the run of rows that hold its source addresses; the rings stay as they are. */
export function rowOf(
  entry: ListenerEntry,
  sources: { readonly first: number; readonly count: number },
  { tickSeconds, windowSeconds, owner }: RowMeasures,
): ListenerRow {
  const { spec, row } = entry;
  const length = spec.persistence?.length ?? 0;
  return {
    ...row,
    mode: spec.mode,
    scheduler: spec.scheduler,
    tunnel: spec.tunnel,
    tunnelPort: spec.tunnelPort,
    persistLength4: length,
    persistLength6: length,
    persistMs: spec.persistence?.ms ?? 0,
    persistTicks: Math.ceil((spec.persistence?.ms ?? 0) / 1000 / tickSeconds),
    sourceFirst: sources.first,
    sourceCount: sources.count,
    maxConnections: spec.maxConnections,
    connectionsPerSecond: spec.connectionsPerSecond,
    sourcePerSecond: spec.sourcePerSecond,
    connectionsPerWindow: Math.ceil(spec.connectionsPerSecond * windowSeconds),
    sourcePerWindow: Math.ceil(spec.sourcePerSecond * windowSeconds),
    owner,
    flags: flagsOf(entry),
  };
}

export function flagsOf({ spec, members }: ListenerEntry): number {
  const limited = spec.maxConnections > 0 || spec.connectionsPerSecond > 0 || spec.sourcePerSecond > 0;
  const counted = limited || [...members.values()].some((member) => member.spec.maxConnections > 0);
  const byHash = spec.scheduler === 'mh' || spec.scheduler === 'sh';
  const direct = spec.mode === 'dr' || spec.mode === 'tunnel';
  const state = !byHash || !direct || counted || spec.persistence !== undefined;
  const own = (spec.mode === 'onearm' || spec.mode === 'fullnat') && spec.sources.length === 0;
  const flag = (on: boolean, bit: number) => (on ? bit : 0);
  return (
    LISTENER_FLAG.used |
    flag(state, LISTENER_FLAG.state) |
    flag(spec.hashPort, LISTENER_FLAG.hashPort) |
    flag(spec.fallback, LISTENER_FLAG.fallback) |
    flag(spec.persistence !== undefined, LISTENER_FLAG.persist) |
    flag(spec.allowed !== undefined, LISTENER_FLAG.allow) |
    flag(spec.reset, LISTENER_FLAG.reset) |
    flag(spec.tunnelChecksum, LISTENER_FLAG.gueChecksum) |
    flag(limited, LISTENER_FLAG.limited) |
    flag(own, LISTENER_FLAG.ownSource)
  );
}

export function emptyRow(spec: ListenerSpec): ListenerRow {
  return {
    ring: NO_RING,
    base: NO_RING,
    flags: 0,
    mode: spec.mode,
    scheduler: spec.scheduler,
    transport: spec.transport,
    address: spec.address,
    portFrom: spec.portFrom,
    portTo: spec.portTo,
    tunnel: spec.tunnel,
    tunnelPort: spec.tunnelPort,
    persistLength4: 0,
    persistLength6: 0,
    persistTicks: 0,
    sourceFirst: 0,
    sourceCount: 0,
    maxConnections: 0,
    connectionsPerWindow: 0,
    sourcePerWindow: 0,
    owner: 0,
    persistMs: 0,
    connectionsPerSecond: 0,
    sourcePerSecond: 0,
  };
}

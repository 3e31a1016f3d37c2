// Room in tables that listeners fill by their ports and networks: refused here with a cure, before the kernel refuses
// half of a listener.
import { OpError } from '../../model/errors.ts';
import type { ListenerEntry } from './entries.ts';
import type { ListenerSpec } from './spec.ts';

export interface RoomLimits {
  /** Rows of `vips4`, `vips6` and `allowed`. */
  readonly vips4: number;
  readonly vips6: number;
  readonly allowed: number;
}

export class TableRoom {
  readonly #limits: RoomLimits;
  #ports = { 4: 0, 6: 0 };
  #networks = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** As the tables are. */
  count(entries: Iterable<ListenerEntry>): void {
    this.#ports = { 4: 0, 6: 0 };
    this.#networks = 0;
    for (const { spec } of entries) this.add(spec, 1);
  }

  add(spec: ListenerSpec, sign: 1 | -1): void {
    this.#ports[familyOf(spec)] += sign * portsOf(spec);
    this.#networks += sign * networksOf(spec);
  }

  /** `others`: rows that addresses and members' endpoints may take. */
  check(before: ListenerSpec | undefined, after: ListenerSpec, others: number): void {
    const family = familyOf(after);
    const name = `vips${family}` as const;
    const rows = this.#ports[family] + portsOf(after) - portsOf(before) + others;
    if (rows > this.#limits[name])
      throw full(
        `listen on ${portsOf(after)} ports`,
        name,
        rows,
        this.#limits[name],
        'Use shorter ranges of ports, or raise data_plane.xdp.max_listeners',
      );
    // Networks that stay are written before those that go are deleted.
    const networks = this.#networks + networksOf(after);
    if (networks > this.#limits.allowed)
      throw full(
        `hold ${networksOf(after)} allowed networks`,
        'allowed',
        networks,
        this.#limits.allowed,
        'Sum networks up to larger ones; all listeners share this table',
      );
  }
}

function full(what: string, table: string, wanted: number, rows: number, hint: string): OpError {
  return new OpError(
    'XDP_LIMIT',
    `Cannot ${what} more as table "${table}" has too few rows: current value is ${rows}, ${wanted} would be needed`,
    { op: 'put', target: table },
    { retry: 'on-change', hint },
  );
}

function familyOf({ address }: ListenerSpec): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function portsOf(spec: ListenerSpec | undefined): number {
  return spec === undefined ? 0 : spec.portTo - spec.portFrom + 1;
}

function networksOf({ allowed }: ListenerSpec): number {
  return allowed?.length ?? 0;
}

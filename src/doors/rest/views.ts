// What the door shows of configured objects: what was asked for beside what became of it. Pure.
import type { Control } from '../../engine/control.ts';
import { WaitingError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';
import { memberKey } from '../../model/keys.ts';
import type { Member, Pool } from '../../model/pool.ts';
import type { ListenerStatus, MemberStatus, Status } from '../../model/status.ts';

export function requireIntent(control: Control): Intent {
  const intent = control.intent();
  if (intent === undefined)
    throw new WaitingError('NOT_READY', 'Cannot answer as no configuration has been accepted yet');
  return intent;
}

export function requireStatus(control: Control): Status {
  const status = control.status();
  if (status === undefined)
    throw new WaitingError('NOT_READY', 'Cannot answer as the first round has not finished yet');
  return status;
}

interface Row {
  readonly listener: ListenerStatus;
  readonly member: MemberStatus;
}

/** Listeners of a Status by their name, found once for each Status. */
const BY_NAME = new WeakMap<readonly ListenerStatus[], ReadonlyMap<string, readonly ListenerStatus[]>>();

export function statusOf(control: Control, listener: string): readonly ListenerStatus[] {
  const all = control.status()?.listeners;
  if (all === undefined) return [];
  let byName = BY_NAME.get(all);
  if (byName === undefined) {
    byName = Map.groupBy(all, (one) => one.name);
    BY_NAME.set(all, byName);
  }
  return byName.get(listener) ?? [];
}

const ROWS = new WeakMap<
  readonly ListenerStatus[],
  { readonly intent: Intent; readonly rows: ReadonlyMap<string, readonly Row[]> }
>();

/** Rows of the data planes by member of a pool, found once for each Status. */
export class MemberRows {
  readonly #health: ReturnType<Control['health']>;
  readonly #overrides: ReturnType<Control['overrides']>;
  readonly #rows: ReadonlyMap<string, readonly Row[]>;

  constructor(control: Control, intent: Intent) {
    this.#health = control.health();
    this.#overrides = control.overrides();
    const all = control.status()?.listeners ?? NONE;
    const known = ROWS.get(all);
    this.#rows = known?.intent === intent ? known.rows : rowsOf(all, intent);
    ROWS.set(all, { intent, rows: this.#rows });
  }

  view(pool: Pool, member: Member) {
    const key = memberKey(pool.name, member.name);
    const rows = this.#rows.get(key) ?? [];
    const health = this.#health.get(key);
    const override = this.#overrides.get(key);
    const sinceMs = health?.sinceMs;
    const lastError = health?.lastError;
    return {
      key,
      pool: pool.name,
      name: member.name,
      address: member.address,
      port: member.port,
      weight: member.weight,
      backup: member.backup,
      health: health?.state ?? ('unknown' as const),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(override === undefined ? {} : { override }),
      listeners: rows.map((row) => ({
        listener: row.listener.name,
        key: row.listener.key,
        effectiveWeight: row.member.effectiveWeight,
        ...(row.member.observedWeight === undefined ? {} : { observedWeight: row.member.observedWeight }),
        reason: row.member.reason,
      })),
    };
  }
}

const NONE: readonly ListenerStatus[] = [];

function rowsOf(listeners: readonly ListenerStatus[], intent: Intent): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  for (const listener of listeners) {
    const pool = intent.listeners.get(listener.name)?.pool;
    if (pool === undefined) continue;
    for (const member of listener.members) {
      const key = memberKey(pool, member.name);
      const rows = found.get(key);
      if (rows === undefined) found.set(key, [{ listener, member }]);
      else rows.push({ listener, member });
    }
  }
  return found;
}

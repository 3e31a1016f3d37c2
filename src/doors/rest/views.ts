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

/** Rows of the data planes by member of a pool, for one answer. */
export class MemberRows {
  readonly #control: Control;
  readonly #rows = new Map<string, Row[]>();

  constructor(control: Control, intent: Intent) {
    this.#control = control;
    for (const listener of control.status()?.listeners ?? []) {
      const pool = intent.listeners.get(listener.name)?.pool;
      if (pool === undefined) continue;
      for (const member of listener.members) {
        const key = memberKey(pool, member.name);
        const rows = this.#rows.get(key);
        if (rows === undefined) this.#rows.set(key, [{ listener, member }]);
        else rows.push({ listener, member });
      }
    }
  }

  view(pool: Pool, member: Member) {
    const key = memberKey(pool.name, member.name);
    const rows = this.#rows.get(key) ?? [];
    const health = this.#control.health().get(key);
    const override = this.#control.overrides().get(key);
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

export interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly name?: string | undefined;
}

/** By name, so that a page goes on where the last one ended whatever came or went between. */
export function pageOf<T>(
  objects: readonly (readonly [name: string, make: () => T])[],
  query: PageQuery,
): { items: readonly T[]; total: number; next?: string } {
  const { after, name, limit } = query;
  const matching = objects
    .filter(([one]) => name === undefined || one.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const rest = after === undefined ? matching : matching.filter(([one]) => one > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1)?.[0];
  return {
    items: page.map(([, make]) => make()),
    total: matching.length,
    ...(rest.length > limit && last !== undefined ? { next: last } : {}),
  };
}

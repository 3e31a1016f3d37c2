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

/** The same with what changes all the time: how long the checks of each member take to answer. */
export function withAnswerTimes(
  listeners: readonly ListenerStatus[],
  control: Control,
): readonly ListenerStatus[] {
  const intent = control.intent();
  return listeners.map((listener) => {
    const pool = intent?.listeners.get(listener.name)?.pool;
    if (pool === undefined) return listener;
    return {
      ...listener,
      members: listener.members.map((member) => ({
        ...member,
        ...answersOf(memberKey(pool, member.name), control),
      })),
    };
  });
}

function answersOf(member: string, control: Control): Pick<MemberStatus, 'answers'> {
  const answers = control.answerTimes(member);
  return answers === undefined ? {} : { answers };
}

interface Row {
  readonly listener: ListenerStatus;
  readonly member: MemberStatus;
}

/** Rows of the data planes by member of a pool, looked up for the pools that are shown. */
export class MemberRows {
  readonly #control: Control;
  readonly #health: ReturnType<Control['health']>;
  readonly #overrides: ReturnType<Control['overrides']>;
  readonly #listeners: ReadonlyMap<string, readonly string[]>;
  readonly #rows = new Map<string, ReadonlyMap<string, readonly Row[]>>();

  constructor(control: Control, intent: Intent) {
    this.#control = control;
    this.#health = control.health();
    this.#overrides = control.overrides();
    this.#listeners = listenersByPool(intent);
  }

  view(pool: Pool, member: Member) {
    const key = memberKey(pool.name, member.name);
    const rows = this.#rowsOf(pool.name).get(member.name) ?? [];
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
      ...answersOf(key, this.#control),
      listeners: rows.map((row) => ({
        listener: row.listener.name,
        key: row.listener.key,
        effectiveWeight: row.member.effectiveWeight,
        ...(row.member.observedWeight === undefined ? {} : { observedWeight: row.member.observedWeight }),
        reason: row.member.reason,
        ...(row.member.sinceMs === undefined ? {} : { sinceMs: row.member.sinceMs }),
      })),
    };
  }

  #rowsOf(pool: string): ReadonlyMap<string, readonly Row[]> {
    const known = this.#rows.get(pool);
    if (known !== undefined) return known;
    const found = new Map<string, Row[]>();
    for (const name of this.#listeners.get(pool) ?? [])
      for (const listener of this.#control.listenerStatus(name))
        for (const member of listener.members) {
          const rows = found.get(member.name);
          if (rows === undefined) found.set(member.name, [{ listener, member }]);
          else rows.push({ listener, member });
        }
    this.#rows.set(pool, found);
    return found;
  }
}

const BY_POOL = new WeakMap<Intent, ReadonlyMap<string, readonly string[]>>();

/** Names of the listeners that send to each pool. */
function listenersByPool(intent: Intent): ReadonlyMap<string, readonly string[]> {
  let known = BY_POOL.get(intent);
  if (known === undefined) {
    const made = new Map<string, string[]>();
    for (const { name, pool } of intent.listeners.values()) {
      const names = made.get(pool);
      if (names === undefined) made.set(pool, [name]);
      else names.push(name);
    }
    known = made;
    BY_POOL.set(intent, known);
  }
  return known;
}

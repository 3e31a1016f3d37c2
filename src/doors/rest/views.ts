// What the door shows of configured objects: what was asked for beside what became of it. Pure.

import type { Control } from '../../engine/control.ts';
import { Note } from '../../lib/note.ts';
import { keepText } from '../../lib/stable-json.ts';
import { WaitingError } from '../../model/errors.ts';
import type { MemberHealth, Override } from '../../model/facts.ts';
import type { Intent } from '../../model/intent.ts';
import { memberKey } from '../../model/keys.ts';
import { poolsOf } from '../../model/listener.ts';
import type { Member, Pool } from '../../model/pool.ts';
import type { AnswerTimes, ListenerStatus, MemberStatus, Status } from '../../model/status.ts';

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
      members: listener.members.map((member) => withAnswers(member, memberKey(pool, member.name), control)),
    };
  });
}

const WITH_ANSWERS = new Note<MemberStatus, MemberStatus>();

/** The same as long as both are. */
function withAnswers(member: MemberStatus, key: string, control: Control): MemberStatus {
  const answers = control.answerTimes(key);
  const known = WITH_ANSWERS.get(member);
  if (known !== undefined && known.answers === answers) return known;
  const both = keepText(answers === undefined ? { ...member } : { ...member, answers });
  WITH_ANSWERS.set(member, both);
  return both;
}

interface Row {
  readonly listener: ListenerStatus;
  readonly member: MemberStatus;
}

type MemberView = ReturnType<typeof viewOf>;

/** What was last shown of a member, and of what it was made. */
const VIEWS = new Note<Member, { readonly of: readonly unknown[]; readonly view: MemberView }>();

/** Rows of the data planes by member of a pool, looked up for the pools that are shown. */
export class MemberRows {
  readonly #control: Control;
  readonly #health: ReturnType<Control['health']>;
  readonly #overrides: ReturnType<Control['overrides']>;
  readonly #listeners: ReadonlyMap<string, readonly string[]>;
  readonly #statuses = new Map<string, readonly ListenerStatus[]>();

  constructor(control: Control, intent: Intent) {
    this.#control = control;
    this.#health = control.health();
    this.#overrides = control.overrides();
    this.#listeners = listenersByPool(intent);
  }

  view(pool: Pool, member: Member) {
    const key = memberKey(pool.name, member.name);
    const rows = this.#rowsOf(pool.name, member.name);
    const health = this.#health.get(key);
    const override = this.#overrides.get(key);
    const answers = this.#control.answerTimes(key);
    const known = VIEWS.get(member);
    const of = [
      pool.name,
      health,
      override,
      answers,
      ...rows.flatMap((row) => [row.listener.key, row.member]),
    ];
    if (known !== undefined && known.of.length === of.length && of.every((one, i) => one === known.of[i]))
      return known.view;
    const view = keepText(viewOf(pool, member, { health, override, answers, rows }));
    VIEWS.set(member, { of, view });
    return view;
  }

  #rowsOf(pool: string, member: string): readonly Row[] {
    let listeners = this.#statuses.get(pool);
    if (listeners === undefined) {
      listeners = (this.#listeners.get(pool) ?? []).flatMap((name) => this.#control.listenerStatus(name));
      this.#statuses.set(pool, listeners);
    }
    const [only] = listeners;
    if (listeners.length === 1) return rowsByMember(only!, pool).get(member) ?? NO_ROWS;
    return listeners.flatMap((listener) => rowsByMember(listener, pool).get(member) ?? NO_ROWS);
  }
}

const NO_ROWS: readonly Row[] = [];
const ROWS = new Note<readonly MemberStatus[], ReadonlyMap<string, readonly Row[]>>();

/** A status stays the same object while it says the same. */
function rowsByMember(listener: ListenerStatus, pool: string): ReadonlyMap<string, readonly Row[]> {
  const members = listener.rulePools?.find((one) => one.pool === pool)?.members ?? listener.members;
  const known = ROWS.get(members);
  if (known !== undefined) return known;
  const found = Map.groupBy(
    members.map((member) => ({ listener, member })),
    ({ member }) => member.name,
  );
  ROWS.set(members, found);
  return found;
}

interface Shown {
  readonly health: MemberHealth | undefined;
  readonly override: Override | undefined;
  readonly answers: AnswerTimes | undefined;
  readonly rows: readonly Row[];
}

function viewOf(pool: Pool, member: Member, { health, override, answers, rows }: Shown) {
  const sinceMs = health?.sinceMs;
  const lastError = health?.lastError;
  return {
    key: memberKey(pool.name, member.name),
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
    ...(answers === undefined ? {} : { answers }),
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

const BY_POOL = new Note<Intent['listeners'], ReadonlyMap<string, readonly string[]>>();

/** Names of the listeners that send to each pool. */
function listenersByPool({ listeners }: Intent): ReadonlyMap<string, readonly string[]> {
  let known = BY_POOL.get(listeners);
  if (known === undefined) {
    const made = new Map<string, string[]>();
    for (const listener of listeners.values())
      for (const pool of poolsOf(listener)) {
        const names = made.get(pool);
        if (names === undefined) made.set(pool, [listener.name]);
        else names.push(listener.name);
      }
    known = made;
    BY_POOL.set(listeners, known);
  }
  return known;
}

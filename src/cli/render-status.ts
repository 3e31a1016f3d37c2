// Status as text for people: the node, its addresses, its listeners; wide adds members and reasons. Pure.
import { formatDuration } from '../lib/duration.ts';
import type { DataPlaneState } from '../model/data-plane.ts';
import { memberKey } from '../model/keys.ts';
import {
  type Condition,
  type ListenerStatus,
  type MemberStatus,
  membersOf,
  type Status,
} from '../model/status.ts';
import { type Paint, paint } from '../plan/paint.ts';
import { type Cell, renderTable } from './table.ts';

export type PlanesOfStatus = Readonly<
  Record<string, Pick<DataPlaneState, 'interfaces' | 'tables' | 'notes'>>
>;

export interface StatusTextOptions {
  readonly wide: boolean;
  readonly colour: boolean;
  readonly nowMs: number;
  readonly planes: PlanesOfStatus;
}

export function renderStatus(status: Status, options: StatusTextOptions): string {
  const ink = paint(options.colour);
  const parts = [headOf(status, options.nowMs, ink) + planeLines(options.planes, ink)];
  if (status.addresses.length > 0) parts.push(addressTable(status, ink));
  if (status.listeners.length > 0) parts.push(listenerTable(status, options.wide, ink));
  if (options.wide && status.listeners.some((one) => one.members.length > 0))
    parts.push(memberTable(status, options.nowMs, ink));
  const errors = errorLines(status, ink);
  if (errors !== '') parts.push(errors);
  return parts.join('\n');
}

export function conditionCell(condition: Condition, ink: Paint): Cell {
  return { text: condition, ink: inkOf(condition, ink) };
}

export function inkOf(condition: Condition, ink: Paint): (text: string) => string {
  if (condition === 'ok') return ink.green;
  if (condition === 'down') return ink.red;
  return condition === 'degraded' || condition === 'pending' ? ink.yellow : ink.dim;
}

/** `3m`, `2h`, `5d`: the largest unit alone. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

function headOf(status: Status, nowMs: number, ink: Paint): string {
  const lines = [`node ${ink.bold(status.node)}: ${inkOf(status.condition, ink)(status.condition)}`];
  const { revision, pinned, trial } = status.running ?? {};
  const numbered = revision === undefined ? '' : `, revision ${revision}`;
  lines.push(`configuration ${status.configHash.slice(0, 12)}${numbered}`);
  if (pinned !== undefined)
    lines.push(
      `${ink.yellow('not the files on disk')}: revision ${pinned.revision} put others in force ` +
        `${agoText(nowMs - pinned.atMs)} ago; those on disk follow when they change, or by "lbctl reload --unpin"`,
    );
  if (trial !== undefined)
    lines.push(
      `${ink.yellow('on trial')}: back to revision ${trial.previous} at ${new Date(trial.untilMs).toISOString()} ` +
        'unless "lbctl confirm"',
    );
  if (status.configError !== undefined)
    lines.push(`${ink.red('newest configuration refused')}: ${status.configError}`);
  for (const { message, cure } of status.troubles ?? [])
    lines.push(`${ink.yellow('trouble')}: ${message}\n  hint: ${cure}`);
  const { round } = status;
  if (round !== undefined) {
    const ago = agoText(nowMs - round.startedMs - round.durationMs);
    const held = round.held > 0 ? `, ${ink.yellow(`${round.held} held back`)}` : '';
    const failed = round.failed > 0 ? `, ${ink.red(`${round.failed} failed`)}` : '';
    const took = formatDuration(Math.max(1, Math.round(round.durationMs)));
    lines.push(
      `round ${round.number} (${round.why}) ${ago} ago: ${round.steps} steps in ${took}${failed}${held}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A table is named when it is no longer nearly empty: before that its fill tells nothing. */
const WORTH_TELLING = 0.5;

function planeLines(planes: PlanesOfStatus, ink: Paint): string {
  const lines = Object.entries(planes).flatMap(([driver, { interfaces, tables, notes }]) => [
    ...interfaces.map(({ name, mode, error }) =>
      mode === undefined
        ? `${driver} on ${name}: ${ink.red('not attached')}: ${error}`
        : `${driver} on ${name}: ${mode}`,
    ),
    ...tables
      .filter(({ used, capacity }) => used >= capacity * WORTH_TELLING)
      .map(
        ({ name, used, capacity }) =>
          `${driver} table ${name}: ${ink.yellow(`${used} of ${capacity}`)} rows in use`,
      ),
    ...notes.map((note) => `${driver}: ${note}`),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

function addressTable(status: Status, ink: Paint): string {
  const rows = status.addresses.map((one): Cell[] => [
    one.vip,
    one.key,
    one.role,
    { text: one.observed ? 'here' : 'not here', ink: one.wanted === one.observed ? ink.green : ink.yellow },
    one.reason,
  ]);
  return renderTable(
    [{ title: 'VIP' }, { title: 'ADDRESS' }, { title: 'ROLE' }, { title: 'STATE' }, { title: 'REASON' }],
    rows,
    ink.bold,
  );
}

function listenerTable(status: Status, wide: boolean, ink: Paint): string {
  const rows = status.listeners.map((one): Cell[] => {
    const serving = one.members.filter((member) => (member.observedWeight ?? 0) > 0).length;
    return [
      one.name,
      one.key,
      one.engine,
      one.mode,
      `${serving}/${one.members.length}`,
      conditionCell(one.condition, ink),
      wide ? `${one.reason} (${one.engineReason})` : one.reason,
    ];
  });
  return renderTable(
    [
      { title: 'LISTENER' },
      { title: 'KEY' },
      { title: 'ENGINE' },
      { title: 'MODE' },
      { title: 'SERVING', align: 'right' },
      { title: 'CONDITION' },
      { title: 'REASON' },
    ],
    rows,
    ink.bold,
  );
}

/** Those of a pool that a rule sends to with its name. */
function listed(
  listener: ListenerStatus,
): readonly { readonly name: string; readonly member: MemberStatus }[] {
  return membersOf(listener).flatMap(({ pool, members }) =>
    members.map((member) => ({
      name: pool === undefined ? member.name : memberKey(pool, member.name),
      member,
    })),
  );
}

function memberTable(status: Status, nowMs: number, ink: Paint): string {
  const rows = status.listeners.flatMap((listener) =>
    listed(listener).map(({ name, member: one }): Cell[] => [
      listener.name,
      name,
      String(one.weight),
      one.observedWeight === undefined ? '-' : String(one.observedWeight),
      { text: one.health, ink: one.health === 'up' ? ink.green : one.health === 'down' ? ink.red : ink.dim },
      one.sinceMs === undefined ? '-' : agoText(nowMs - one.sinceMs),
      one.answers === undefined ? '-' : `${Number(one.answers.p99Ms.toPrecision(3))} ms`,
      one.lastError === undefined ? one.reason : `${one.reason}: ${one.lastError}`,
    ]),
  );
  return renderTable(
    [
      { title: 'LISTENER' },
      { title: 'MEMBER' },
      { title: 'WEIGHT', align: 'right' },
      { title: 'OBSERVED', align: 'right' },
      { title: 'HEALTH' },
      { title: 'SINCE', align: 'right' },
      { title: '99 OF 100', align: 'right' },
      { title: 'REASON' },
    ],
    rows,
    ink.bold,
  );
}

function errorLines(status: Status, ink: Paint): string {
  return status.errors
    .slice(0, 20)
    .map(({ step, error, attempts, nextTryMs }) => {
      const tries = attempts === 1 ? 'tried once' : `tried ${attempts} times`;
      const waits = nextTryMs === undefined ? ', and again once something of it changes' : '';
      return `${ink.red('failing')} ${step}: ${error.message} (${tries}${waits})\n  hint: ${error.hint}\n`;
    })
    .join('');
}

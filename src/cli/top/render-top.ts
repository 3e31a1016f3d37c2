// One page of `lbctl top`, exactly as many lines and columns as the terminal has. Pure.
import { toCells } from '../../lib/display-width.ts';
import { memberItemKey, memberKey } from '../../model/keys.ts';
import { CONDITIONS, type ListenerStatus, membersOf, type Status } from '../../model/status.ts';
import { type Paint, paint } from '../../plan/paint.ts';
import { type NamedRates, shortNumber } from '../rates.ts';
import { inkOf } from '../render-status.ts';
import type { TopState } from './top-state.ts';

export interface TopInput {
  readonly status: Status;
  readonly rates: readonly NamedRates[];
  /** POOL/MEMBER by the key of its row in a data plane. */
  readonly members: ReadonlyMap<string, string>;
  readonly events: readonly string[];
}

export interface TopSize {
  readonly rows: number;
  readonly columns: number;
  readonly colour: boolean;
}

export interface TopRow {
  readonly text: string;
  readonly ink: (text: string) => string;
  /** POOL/MEMBER where the row is a member's. */
  readonly member?: string;
}

const EVENT_LINES = 3;
/** Head, titles, the line above the events, the line of keys. */
const FIXED_LINES = 4;

export function topRows(input: TopInput, state: TopState, colour: boolean): TopRow[] {
  const ink = paint(colour);
  const rates = new Map(input.rates.map((one) => [one.key, one]));
  const listeners = input.status.listeners
    .filter((one) => matches(one, state.filter))
    .sort((a, b) => compare(a, b, state, rates));
  return listeners.flatMap((listener) => [
    {
      text: line(listener.name, listener.key, listener.condition, '', rates.get(listener.key)),
      ink: inkOf(listener.condition, ink),
    },
    ...membersOf(listener).flatMap(({ key: container, pool, members }) =>
      members.map((member): TopRow => {
        const key = memberItemKey(container, member.key);
        const name = input.members.get(key);
        const shown = pool === undefined ? member.name : memberKey(pool, member.name);
        const weight = member.observedWeight === undefined ? '-' : String(member.observedWeight);
        return {
          text: line(`  ${shown}`, member.reason, member.health, weight, rates.get(key)),
          ink: memberInk(member.health, ink),
          ...(name === undefined ? {} : { member: name }),
        };
      }),
    ),
  ]);
}

export function renderTop(input: TopInput, state: TopState, size: TopSize): string {
  const ink = paint(size.colour);
  const { status } = input;
  const rows = topRows(input, state, size.colour);
  const room = Math.max(1, size.rows - FIXED_LINES - EVENT_LINES);
  const selected = selectedRow(rows, state);
  const from = Math.max(0, Math.min(selected - Math.floor(room / 2), rows.length - room));
  const here = status.addresses.filter((one) => one.observed).length;
  const head = `${status.node}  ${status.condition}  addresses ${here}/${status.addresses.length}  listeners ${status.listeners.length}  sort ${state.sort}${state.filter === '' ? '' : `  filter "${state.filter}"`}`;
  const page = rows.slice(from, from + room).map((row, i) => {
    const text = fit(`${from + i === selected ? '>' : ' '}${row.text}`, size.columns);
    return row.ink(text);
  });
  const foot = state.prompt === undefined ? keysOf(state) : `${state.prompt.kind}: ${state.prompt.text}_`;
  const events = input.events.slice(-EVENT_LINES).map((text) => fit(text, size.columns));
  return [
    ink.bold(fit(head, size.columns)),
    ink.bold(
      fit(` ${line('LISTENER / MEMBER', 'KEY / REASON', 'STATE', 'WEIGHT', undefined)}`, size.columns),
    ),
    ...pad(page, room),
    ink.dim('-'.repeat(size.columns)),
    ...pad(events, EVENT_LINES),
    fit(foot, size.columns),
  ].join('\r\n');
}

/** Counted over members alone: a listener cannot be drained. */
function selectedRow(rows: readonly TopRow[], state: TopState): number {
  const places = rows.flatMap((row, i) => (row.member === undefined ? [] : [i]));
  return places[Math.min(state.row, places.length - 1)] ?? -1;
}

function keysOf(state: TopState): string {
  return state.message === '' ? 'q quit  s sort  / filter  up/down select  d drain' : state.message;
}

function matches(listener: ListenerStatus, filter: string): boolean {
  return [listener.name, listener.key, ...listener.members.map((one) => one.name)].some((one) =>
    one.includes(filter),
  );
}

function compare(
  a: ListenerStatus,
  b: ListenerStatus,
  { sort }: TopState,
  rates: ReadonlyMap<string, NamedRates>,
): number {
  const number = (one: ListenerStatus): number => {
    if (sort === 'condition') return -badness(one);
    const rate = rates.get(one.key);
    if (sort === 'connections') return -(rate?.connections ?? 0);
    return sort === 'bytes' ? -((rate?.bytesIn ?? 0) + (rate?.bytesOut ?? 0)) : 0;
  };
  return number(a) - number(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.key < b.key ? -1 : 1);
}

const WORST_FIRST = ['down', 'degraded', 'pending', 'standby', 'disabled', 'ok'] as const;

function badness({ condition }: ListenerStatus): number {
  return CONDITIONS.length - WORST_FIRST.indexOf(condition);
}

function memberInk(health: string, ink: Paint): (text: string) => string {
  return health === 'down' ? ink.red : (text) => text;
}

/** Columns that fit 80 with room for the mark of the selected row. */
function line(
  name: string,
  about: string,
  state: string,
  weight: string,
  rates: NamedRates | undefined,
): string {
  const numbers =
    rates === undefined
      ? ['', '', '']
      : [rates.connections, rates.bytesIn, rates.bytesOut].map((value) => shortNumber(value));
  const titles = state === 'STATE' ? ['CONN/S', 'IN/S', 'OUT/S'] : numbers;
  return [
    fit(name, 20),
    fit(about, 23),
    fit(state, 8),
    weight.padStart(6),
    ...titles.map((text) => text.padStart(5)),
  ].join(' ');
}

function fit(text: string, columns: number): string {
  let out = '';
  let width = 0;
  for (const cell of toCells(text)) {
    if (width + cell.width > columns) break;
    out += cell.text;
    width += cell.width;
  }
  return out + ' '.repeat(columns - width);
}

function pad(lines: readonly string[], count: number): string[] {
  return [...lines, ...Array<string>(Math.max(0, count - lines.length)).fill('')].slice(0, count);
}

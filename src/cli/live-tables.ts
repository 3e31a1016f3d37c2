// What each live view asks of the daemon, and its table.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataPlaneState } from '../model/data-plane.ts';
import type { Condition, Status } from '../model/status.ts';
import { listAll, type Reader } from './client.ts';
import type { CounterRow, Stats } from './member-connections.ts';
import type { MemberView } from './member-target.ts';
import { type NamedRates, ratesBetween, shortNumber } from './rates.ts';
import type { LiveCell, LiveColumn, LiveTable, Tone } from './render-live.ts';
import { agoText } from './render-status.ts';

export interface Made {
  readonly data: unknown;
  readonly table: LiveTable;
}

const RATE_WINDOW_MS = 1000;

const TONES: Readonly<Record<Condition, Tone>> = {
  ok: 'good',
  degraded: 'doubt',
  pending: 'doubt',
  down: 'bad',
  standby: 'quiet',
  disabled: 'quiet',
};

export async function services(client: Reader): Promise<Made> {
  const { listeners } = await client.get<Status>('/v1/status');
  const rows = listeners.map((one): LiveCell[] => {
    const serving = one.members.filter((member) => (member.observedWeight ?? 0) > 0).length;
    const weight = one.members.reduce((sum, member) => sum + (member.observedWeight ?? 0), 0);
    return [
      { text: one.name },
      { text: one.key },
      { text: one.engine },
      { text: one.mode },
      { text: `${serving}/${one.members.length}` },
      { text: String(weight) },
      { text: one.condition, tone: TONES[one.condition] },
      { text: one.reason },
    ];
  });
  const columns: LiveColumn[] = [
    { title: 'SERVICE' },
    { title: 'KEY' },
    { title: 'ENGINE' },
    { title: 'MODE' },
    { title: 'SERVING', align: 'right' },
    { title: 'WEIGHT', align: 'right', wide: true },
    { title: 'CONDITION' },
    { title: 'REASON' },
  ];
  return { data: listeners, table: { columns, rows: () => rows, empty: 'no listeners' } };
}

const ANSWER_COLUMNS: readonly LiveColumn[] = [
  { title: 'HALF', align: 'right', wide: true },
  { title: '99 OF 100', align: 'right', wide: true },
  { title: 'SLOWEST', align: 'right', wide: true },
];

/** How long its checks take to answer. */
function answerCells(answers: MemberView['answers']): LiveCell[] {
  if (answers === undefined) return ANSWER_COLUMNS.map(() => ({ text: '-' }));
  return [answers.p50Ms, answers.p99Ms, answers.maxMs].map((ms) => ({
    text: `${Number(ms.toPrecision(3))} ms`,
  }));
}

/** All of them, in the order asked for, or those that are given. */
export async function members(
  client: Reader,
  { sort, project }: { readonly sort?: string | undefined; readonly project?: string | undefined } = {},
  given?: readonly MemberView[],
): Promise<Made> {
  const all = given ?? (await listAll<MemberView>(client, '/v1/members', { sort, project }));
  const rowOf = (one: MemberView, nowMs: number): LiveCell[] => {
    // Of several listeners the one that the proxy judged is the news.
    const first = one.listeners.find(({ reason }) => reason === 'TrafficFailed') ?? one.listeners[0];
    const sinceMs = first?.sinceMs ?? one.sinceMs;
    const observed = first?.observedWeight;
    const override = one.override === undefined ? '-' : overrideText(one.override, nowMs);
    return [
      { text: one.key },
      { text: `${one.address}${one.port === 0 ? '' : ` ${one.port}`}` },
      { text: String(one.weight) },
      { text: observed === undefined ? '-' : String(observed) },
      { text: one.health, tone: one.health === 'up' ? 'good' : one.health === 'down' ? 'bad' : 'quiet' },
      { text: sinceMs === undefined ? '-' : agoText(nowMs - sinceMs) },
      { text: first?.reason ?? 'no listener' },
      { text: override },
      ...answerCells(one.answers),
      { text: one.lastError ?? '' },
    ];
  };
  const columns: LiveColumn[] = [
    { title: 'MEMBER' },
    { title: 'ADDRESS' },
    { title: 'WEIGHT', align: 'right' },
    { title: 'OBSERVED', align: 'right' },
    { title: 'HEALTH' },
    { title: 'SINCE', align: 'right' },
    { title: 'REASON' },
    { title: 'OVERRIDE' },
    ...ANSWER_COLUMNS,
    { title: 'LAST ERROR', wide: true },
  ];
  const rows = (nowMs: number) => all.map((one) => rowOf(one, nowMs));
  return { data: all, table: { columns, rows, empty: 'no members' } };
}

export async function connections(client: Reader): Promise<Made> {
  const stats = await client.get<Stats>('/v1/stats');
  const rows = counterRows(stats, ({ key, activeConnections, inactiveConnections }) => [
    { text: key },
    { text: String(activeConnections) },
    { text: String(inactiveConnections) },
  ]);
  const columns: LiveColumn[] = [
    { title: 'DRIVER' },
    { title: 'KEY' },
    { title: 'ACTIVE', align: 'right' },
    { title: 'INACTIVE', align: 'right' },
  ];
  return { data: stats, table: { columns, rows: () => rows, empty: NO_COUNTERS } };
}

export async function stats(client: Reader): Promise<Made> {
  const read = await client.get<Stats>('/v1/stats');
  const rows = counterRows(read, (row) => [
    { text: row.key },
    { text: row.connections },
    { text: row.packetsIn },
    { text: row.packetsOut },
    { text: row.bytesIn },
    { text: row.bytesOut },
  ]);
  const titles = ['CONNECTIONS', 'PACKETS IN', 'PACKETS OUT', 'BYTES IN', 'BYTES OUT'];
  return { data: read, table: { columns: countColumns(titles), rows: () => rows, empty: NO_COUNTERS } };
}

export interface DataPlanes {
  readonly drivers: Readonly<
    Record<
      string,
      Omit<DataPlaneState, 'reasons'> & {
        readonly reasons: readonly {
          readonly reason: string;
          readonly meaning: string;
          readonly packets: string;
        }[];
      }
    >
  >;
}

/** A table of 9 in 10 rows in use is soon full. */
const NEARLY_FULL = 0.9;

export async function dataPlanes(client: Reader): Promise<Made> {
  const read = await client.get<DataPlanes>('/v1/data-planes');
  const rows = Object.entries(read.drivers).flatMap(([driver, state]): LiveCell[][] => {
    const row = (kind: string, name: LiveCell, value: LiveCell, about = ''): LiveCell[] => [
      { text: driver },
      { text: kind },
      name,
      value,
      { text: about },
    ];
    return [
      ...state.interfaces.map(({ name, mode, error }) =>
        row(
          'interface',
          { text: name },
          { text: mode ?? 'not attached', tone: mode === undefined ? 'bad' : 'good' },
          error,
        ),
      ),
      ...state.tables.map(({ name, used, capacity }) => {
        const text = `${used} of ${capacity}`;
        const full = used >= capacity * NEARLY_FULL;
        return row('table', { text: name }, full ? { text, tone: 'doubt' } : { text });
      }),
      ...state.notes.map((note) => row('note', { text: '' }, { text: '' }, note)),
      ...state.reasons
        .filter(({ packets }) => packets !== '0')
        .map(({ reason, meaning, packets }) => {
          const dropped = reason.startsWith('drop_');
          return row(
            'packets',
            dropped ? { text: reason, tone: 'doubt' } : { text: reason },
            { text: packets },
            meaning,
          );
        }),
    ];
  });
  const columns: LiveColumn[] = [
    { title: 'DRIVER' },
    { title: 'WHAT' },
    { title: 'NAME' },
    { title: 'VALUE', align: 'right' },
    { title: 'MEANING' },
  ];
  return { data: read, table: { columns, rows: () => rows, empty: 'no data plane tells of itself here' } };
}

/** The first look waits a second for the second one. */
export function rates(): (client: Reader) => Promise<Made> {
  let before: Stats | undefined;
  return async (client) => {
    if (before === undefined) {
      before = await client.get<Stats>('/v1/stats');
      await sleep(RATE_WINDOW_MS);
    }
    const now = await client.get<Stats>('/v1/stats');
    const found = ratesBetween(before, now);
    before = now;
    const titles = ['CONN/S', 'PKT/S IN', 'PKT/S OUT', 'BYTE/S IN', 'BYTE/S OUT'];
    const rows = found.map(rateCells);
    return { data: found, table: { columns: countColumns(titles), rows: () => rows, empty: NO_COUNTERS } };
  };
}

const NO_COUNTERS = 'no data plane counts anything here';

function rateCells(one: NamedRates): LiveCell[] {
  const numbers = [one.connections, one.packetsIn, one.packetsOut, one.bytesIn, one.bytesOut];
  return [{ text: one.driver }, { text: one.key }, ...numbers.map((value) => ({ text: shortNumber(value) }))];
}

function countColumns(titles: readonly string[]): LiveColumn[] {
  return [
    { title: 'DRIVER' },
    { title: 'KEY' },
    ...titles.map((title): LiveColumn => ({ title, align: 'right' })),
  ];
}

function counterRows(read: Stats, cells: (row: CounterRow) => LiveCell[]): LiveCell[][] {
  return Object.entries(read.drivers).flatMap(([driver, rows]) =>
    rows.map((row) => [{ text: driver }, ...cells(row)]),
  );
}

function overrideText({ state, by, untilMs }: NonNullable<MemberView['override']>, nowMs: number): string {
  return `${state} by ${by}${untilMs === undefined ? '' : `, for ${agoText(untilMs - nowMs)} more`}`;
}

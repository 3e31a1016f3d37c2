// Traffic of listeners and members, as the data planes count it.
import { type ItemCounters, REFUSALS, type Refusal } from '../../model/driver.ts';
import type { Status } from '../../model/status.ts';
import { METRICS, type Metric } from './families.ts';
import type { LabelBytes } from './label-bytes.ts';
import type { Counters, NodeWriter } from './scrape.ts';

interface Row {
  /** Labels as they are printed, the brace still open: made once, used by every family. */
  readonly open: Uint8Array;
  readonly counters: ItemCounters;
}

interface Group {
  readonly connections: Metric;
  readonly active: Metric;
  readonly inactive: Metric;
  readonly packets: Metric;
  readonly bytes: Metric;
}

const LISTENERS: Group = {
  connections: METRICS.listenerConnections,
  active: METRICS.listenerActive,
  inactive: METRICS.listenerInactive,
  packets: METRICS.listenerPackets,
  bytes: METRICS.listenerBytes,
};
const MEMBERS: Group = {
  connections: METRICS.memberConnections,
  active: METRICS.memberActive,
  inactive: METRICS.memberInactive,
  packets: METRICS.memberPackets,
  bytes: METRICS.memberBytes,
};

/** Text form of a member's key in a driver: `tcp/192.0.2.10:80 > 10.0.0.1:80`. */
const SEPARATOR = ' > ';
const END = Buffer.from('}');
const IN = Buffer.from(',direction="in"}');
const OUT = Buffer.from(',direction="out"}');
const REASONS = Object.fromEntries(
  REFUSALS.map((reason) => [reason, Buffer.from(`,reason="${reason}"}`)]),
) as Readonly<Record<Refusal, Buffer>>;
/** Three numbers, and two each way. */
const SERIES_OF_A_ROW = 7;

export function writeTraffic(
  writer: NodeWriter,
  status: Status | undefined,
  counters: Counters,
  cache: LabelBytes,
): void {
  if (writer.out.isFull) {
    for (const rows of counters.values()) writer.out.drop(rows.length * SERIES_OF_A_ROW);
    return;
  }
  const names = new Map((status?.listeners ?? []).map((one) => [one.key, one.name]));
  const [listeners, members]: [Row[], Row[]] = [[], []];
  for (const [driver, rows] of counters) {
    for (const row of rows) {
      const at = row.key.indexOf(SEPARATOR);
      const listener = at === -1 ? row.key : row.key.slice(0, at);
      const service = names.get(listener) ?? '';
      const open = cache.of(`traffic ${writer.node} ${driver} ${service} ${row.key}`, () => {
        const labels = [
          ['driver', driver],
          ['service', service],
          ['listener', listener],
        ] as const;
        const backend = at === -1 ? [] : [['backend', row.key.slice(at + SEPARATOR.length)] as const];
        return writer.labels([...labels, ...backend]).slice(0, -1);
      });
      (at === -1 ? listeners : members).push({ open, counters: row });
    }
  }
  writeGroup(writer, LISTENERS, listeners);
  writeRefused(writer, listeners);
  writeGroup(writer, MEMBERS, members);
}

function writeRefused({ out }: NodeWriter, rows: readonly Row[]): void {
  const metric = METRICS.listenerRefused;
  if (!rows.some(({ counters }) => counters.refused !== undefined)) return;
  out.family(metric);
  const name = Buffer.from(metric.name);
  for (const { open, counters } of rows)
    for (const reason of REFUSALS) {
      const count = counters.refused?.[reason];
      if (count !== undefined) out.rowOf(name, open, REASONS[reason], count);
    }
}

function writeGroup(writer: NodeWriter, group: Group, rows: readonly Row[]): void {
  const { out } = writer;
  const plain = (metric: Metric, value: (counters: ItemCounters) => number | bigint): void => {
    out.family(metric);
    const name = Buffer.from(metric.name);
    for (const { open, counters } of rows) out.rowOf(name, open, END, value(counters));
  };
  plain(group.connections, (one) => one.connections);
  plain(group.active, (one) => one.activeConnections);
  plain(group.inactive, (one) => one.inactiveConnections);
  const bothWays = (metric: Metric, way: (counters: ItemCounters) => readonly [bigint, bigint]): void => {
    out.family(metric);
    const name = Buffer.from(metric.name);
    for (const { open, counters } of rows) {
      const [incoming, outgoing] = way(counters);
      out.rowOf(name, open, IN, incoming);
      out.rowOf(name, open, OUT, outgoing);
    }
  };
  bothWays(group.packets, (one) => [one.packetsIn, one.packetsOut]);
  bothWays(group.bytes, (one) => [one.bytesIn, one.bytesOut]);
}

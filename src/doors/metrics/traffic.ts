// Traffic of listeners and members, as the data planes count it.
import type { ItemCounters } from '../../model/driver.ts';
import type { Status } from '../../model/status.ts';
import { escapeLabel } from './exposition.ts';
import { METRICS, type Metric } from './families.ts';
import type { Counters, NodeWriter } from './scrape.ts';

interface Row {
  /** Labels as they are printed, the brace still open: made once, used by every family. */
  readonly open: string;
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
/** Three numbers, and two each way. */
const SERIES_OF_A_ROW = 7;

export function writeTraffic(writer: NodeWriter, status: Status | undefined, counters: Counters): void {
  if (writer.out.isFull) {
    for (const rows of counters.values()) writer.out.drop(rows.length * SERIES_OF_A_ROW);
    return;
  }
  const names = new Map((status?.listeners ?? []).map((one) => [one.key, one.name]));
  const [listeners, members]: [Row[], Row[]] = [[], []];
  for (const [driver, rows] of counters) {
    const before = writer.labels([['driver', driver]]).slice(0, -1);
    for (const row of rows) {
      const at = row.key.indexOf(SEPARATOR);
      const listener = at === -1 ? row.key : row.key.slice(0, at);
      const open = `${before},service="${escapeLabel(names.get(listener) ?? '')}",listener="${escapeLabel(listener)}"`;
      if (at === -1) listeners.push({ open, counters: row });
      else {
        const backend = escapeLabel(row.key.slice(at + SEPARATOR.length));
        members.push({ open: `${open},backend="${backend}"`, counters: row });
      }
    }
  }
  writeGroup(writer, LISTENERS, listeners);
  writeGroup(writer, MEMBERS, members);
}

function writeGroup(writer: NodeWriter, group: Group, rows: readonly Row[]): void {
  const { out } = writer;
  const plain = (metric: Metric, value: (counters: ItemCounters) => number | bigint): void => {
    out.family(metric);
    for (const { open, counters } of rows) out.rowOf(metric.name, open, '}', value(counters));
  };
  plain(group.connections, (one) => one.connections);
  plain(group.active, (one) => one.activeConnections);
  plain(group.inactive, (one) => one.inactiveConnections);
  const bothWays = (metric: Metric, way: (counters: ItemCounters) => readonly [bigint, bigint]): void => {
    out.family(metric);
    for (const { open, counters } of rows) {
      const [incoming, outgoing] = way(counters);
      out.rowOf(metric.name, open, ',direction="in"}', incoming);
      out.rowOf(metric.name, open, ',direction="out"}', outgoing);
    }
  };
  bothWays(group.packets, (one) => [one.packetsIn, one.packetsOut]);
  bothWays(group.bytes, (one) => [one.bytesIn, one.bytesOut]);
}

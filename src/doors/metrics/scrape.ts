// One scrape: what the node is and did, then its members and their traffic, within the budget of series.
import type { Control, ProbeLatency } from '../../engine/control.ts';
import type { DataPlaneState } from '../../model/data-plane.ts';
import type { ItemCounters } from '../../model/driver.ts';
import { ROLES } from '../../model/protocol.ts';
import { CONDITIONS, type Condition, membersOf, type Status } from '../../model/status.ts';
import { planToJson } from '../../plan/plan-json.ts';
import { Exposition, type Labels, labelText } from './exposition.ts';
import { METRICS, type Metric } from './families.ts';
import type { LabelBytes } from './label-bytes.ts';
import { DIRECTIONS, RECONCILE_BOUNDS, type Tally } from './tally.ts';
import { writeTraffic } from './traffic.ts';

/** What the other doors count of themselves; absent where there is no such door. */
export interface OwnCounts {
  readonly influx?: { readonly pushed: number; readonly failed: number };
  readonly gelfDropped?: number;
  readonly auditWaiting?: number;
  readonly apiCertificateUntilMs?: number;
  /** Calls to the API over TCP that were not let in. */
  readonly apiRefused?: number;
}

export interface ScrapeInput {
  readonly control: Control;
  readonly tally: Tally;
  readonly maxSeries: number;
  /** Series dropped by scrapes before this one. */
  readonly droppedBefore: number;
  readonly errors: Map<string, number>;
  /** What the runtime tells of its own process. */
  readonly processText: string;
  readonly own: OwnCounts;
  readonly labels: LabelBytes;
}

export interface Scraped {
  readonly chunks: readonly Buffer[];
  readonly dropped: number;
}

export async function scrape(input: ScrapeInput): Promise<Scraped> {
  const { control, tally } = input;
  const status = control.status();
  tally.catchUp(status);
  const [latencies, counters, planes] = await Promise.all([
    readable(input, 'checks', () => control.probeLatencies()),
    readable(input, 'counters', () => control.counters()),
    readable(input, 'data-planes', async () => control.dataPlanes()),
  ]);
  const out = new Exposition(input.maxSeries);
  input.labels.turn();
  const writer = new NodeWriter(out, control.intent()?.node.name ?? '');
  out.append(input.processText);
  writeDaemon(writer, input, status);
  writeOwn(writer, input.own);
  if (status !== undefined) writeNode(writer, control, status);
  writeVips(writer, control, tally, status);
  if (planes !== undefined) writeDataPlanes(writer, planes);
  if (latencies !== undefined) writeLatencies(writer, latencies.boundsMs, latencies.probes);
  // What grows with the configuration comes last, and is what a full budget leaves out.
  if (status !== undefined) writeMembers(writer, status, input.labels);
  if (counters !== undefined) writeTraffic(writer, status, counters, input.labels);
  const dropped = input.droppedBefore + out.dropped;
  const last = new Exposition(Number.POSITIVE_INFINITY);
  new NodeWriter(last, writer.node).one(METRICS.dropped, [], dropped);
  return { chunks: [...out.chunks(), ...last.chunks()], dropped };
}

/** A data plane that cannot be read must not hide the rest: the part is left out and counted. */
async function readable<T>(
  input: ScrapeInput,
  source: string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    input.errors.set(source, (input.errors.get(source) ?? 0) + 1);
    return undefined;
  }
}

/** Every series names the node first. */
export class NodeWriter {
  readonly out: Exposition;
  readonly node: string;

  constructor(out: Exposition, node: string) {
    this.out = out;
    this.node = node;
  }

  one(metric: Metric, labels: Labels, value: number | bigint): void {
    this.out.family(metric);
    this.row(metric, labels, value);
  }

  row(metric: Metric, labels: Labels, value: number | bigint): void {
    this.out.row(metric.name, this.labels(labels), value);
  }

  labels(labels: Labels): string {
    return labelText([['node', this.node], ...labels]);
  }
}

function writeDaemon(
  writer: NodeWriter,
  { control, tally, errors }: ScrapeInput,
  status: Status | undefined,
): void {
  const about: Labels = [
    ['version', control.version],
    ['runtime', `node ${process.versions.node}`],
  ];
  writer.one(METRICS.buildInfo, about, 1);
  writer.one(METRICS.startTime, [], control.startedMs / 1000);
  const refused = status?.configError !== undefined || control.intent() === undefined;
  writer.one(METRICS.reloadOk, [], refused ? 0 : 1);
  if (tally.reloadedMs !== undefined) writer.one(METRICS.reloadTime, [], tally.reloadedMs / 1000);
  writer.out.family(METRICS.reloads);
  for (const result of ['accepted', 'refused'] as const)
    writer.row(METRICS.reloads, [['result', result]], tally.reloads[result]);
  const runs = tally.runs(status);
  writer.out.family(METRICS.reconcileRuns);
  for (const result of ['success', 'failure'] as const)
    writer.row(METRICS.reconcileRuns, [['result', result]], runs[result]);
  writer.out.family(METRICS.reconcileSeconds);
  writer.out.histogram(
    METRICS.reconcileSeconds.name,
    [['node', writer.node]],
    RECONCILE_BOUNDS,
    tally.reconcile,
  );
  writer.out.family(METRICS.steps);
  for (const result of ['applied', 'failed'] as const)
    writer.row(METRICS.steps, [['result', result]], tally.steps[result]);
  writer.one(METRICS.drift, [], control.driftRepaired());
  writer.out.family(METRICS.events);
  for (const [kind, count] of tally.events) writer.row(METRICS.events, [['kind', kind]], count);
  writer.out.family(METRICS.scrapeErrors);
  for (const source of ['checks', 'counters', 'data-planes'])
    writer.row(METRICS.scrapeErrors, [['source', source]], errors.get(source) ?? 0);
}

function writeOwn(writer: NodeWriter, own: OwnCounts): void {
  if (own.influx !== undefined) {
    writer.out.family(METRICS.influxPushes);
    writer.row(METRICS.influxPushes, [['result', 'success']], own.influx.pushed);
    writer.row(METRICS.influxPushes, [['result', 'failure']], own.influx.failed);
  }
  if (own.gelfDropped !== undefined) writer.one(METRICS.gelfDropped, [], own.gelfDropped);
  if (own.auditWaiting !== undefined) writer.one(METRICS.auditWaiting, [], own.auditWaiting);
  if (own.apiRefused !== undefined) writer.one(METRICS.apiRefused, [], own.apiRefused);
  if (own.apiCertificateUntilMs !== undefined)
    writer.one(METRICS.apiCertificate, [], own.apiCertificateUntilMs / 1000);
}

function writeNode(writer: NodeWriter, control: Control, status: Status): void {
  writer.out.family(METRICS.condition);
  for (const condition of CONDITIONS)
    writer.row(METRICS.condition, [['condition', condition]], status.condition === condition ? 1 : 0);
  writer.one(METRICS.reconcileLast, [], status.round?.durationMs ?? 0);
  const plan = control.plan();
  if (plan !== undefined) {
    const { summary } = planToJson(plan);
    writer.out.family(METRICS.planSteps);
    for (const verb of ['add', 'change', 'remove', 'adopt'] as const)
      writer.row(METRICS.planSteps, [['verb', verb]], summary[verb]);
    writer.one(METRICS.planHeld, [], summary.held);
    writer.one(METRICS.planConflicts, [], summary.conflicts);
    writer.one(METRICS.planUnchanged, [], summary.unchanged);
  }
  writer.one(METRICS.itemErrors, [], status.errors.length);
  const listeners = new Map<Condition, number>();
  for (const { condition } of status.listeners) listeners.set(condition, (listeners.get(condition) ?? 0) + 1);
  writer.out.family(METRICS.listenerCount);
  for (const condition of CONDITIONS)
    writer.row(METRICS.listenerCount, [['condition', condition]], listeners.get(condition) ?? 0);
}

function writeDataPlanes(writer: NodeWriter, planes: ReadonlyMap<string, DataPlaneState>): void {
  const each = (
    metric: Metric,
    rows: (state: DataPlaneState) => readonly (readonly [Labels, number | bigint])[],
  ) => {
    writer.out.family(metric);
    for (const [driver, state] of planes)
      for (const [labels, value] of rows(state)) writer.row(metric, [['driver', driver], ...labels], value);
  };
  each(METRICS.planeInterface, ({ interfaces }) =>
    interfaces.map(({ name, mode }) => [
      [
        ['interface', name],
        ['mode', mode ?? 'none'],
      ],
      mode === undefined ? 0 : 1,
    ]),
  );
  each(METRICS.planeTableUsed, ({ tables }) => tables.map(({ name, used }) => [[['table', name]], used]));
  each(METRICS.planeTableCapacity, ({ tables }) =>
    tables.map(({ name, capacity }) => [[['table', name]], capacity]),
  );
  each(METRICS.planeCertificate, ({ certificates = [] }) =>
    certificates.map(({ name, untilMs }) => [[['certificate', name]], untilMs / 1000]),
  );
  each(METRICS.planePackets, ({ reasons }) =>
    reasons.map(({ reason, packets }) => [[['reason', reason]], packets]),
  );
}

function writeVips(writer: NodeWriter, control: Control, tally: Tally, status: Status | undefined): void {
  const roles = [...control.roles()];
  writer.out.family(METRICS.role);
  for (const [group, fact] of roles)
    for (const role of ROLES)
      writer.row(
        METRICS.role,
        [
          ['group', group],
          ['role', role],
        ],
        fact.role === role ? 1 : 0,
      );
  writer.out.family(METRICS.epoch);
  for (const [group, { epoch }] of roles) writer.row(METRICS.epoch, [['group', group]], epoch);
  const addresses = status?.addresses ?? [];
  writer.out.family(METRICS.vipOwner);
  for (const { vip, observed } of addresses) writer.row(METRICS.vipOwner, [['vip', vip]], observed ? 1 : 0);
  writer.out.family(METRICS.vipTransitions);
  for (const { vip } of addresses)
    for (const direction of DIRECTIONS)
      writer.row(
        METRICS.vipTransitions,
        [
          ['vip', vip],
          ['direction', direction],
        ],
        tally.transitions.get(vip)?.[direction] ?? 0,
      );
}

/** One histogram for each type of check: one for each of 10,000 members would be most of the scrape. */
function writeLatencies(
  writer: NodeWriter,
  boundsMs: readonly number[],
  probes: readonly ProbeLatency[],
): void {
  const byType = new Map<string, { count: number; sum: number; buckets: number[] }>();
  for (const { type, count, sumMs, buckets } of probes) {
    const all = byType.get(type) ?? { count: 0, sum: 0, buckets: boundsMs.map(() => 0).concat(0) };
    all.count += count;
    all.sum += sumMs / 1000;
    for (const [i, one] of buckets.entries()) all.buckets[i] = (all.buckets[i] ?? 0) + one;
    byType.set(type, all);
  }
  const bounds = boundsMs.map((ms) => ms / 1000);
  writer.out.family(METRICS.probeSeconds);
  for (const [type, data] of byType)
    writer.out.histogram(
      METRICS.probeSeconds.name,
      [
        ['node', writer.node],
        ['type', type],
      ],
      bounds,
      data,
    );
}

/** A listener of many addresses has the same members behind each, a rule may send to one of them: told once, at the least of them. */
function writeMembers(writer: NodeWriter, status: Status, cache: LabelBytes): void {
  const rows = new Map<Uint8Array, { healthy: number; weight: number }>();
  for (const listener of status.listeners) {
    for (const { members } of membersOf(listener))
      for (const member of members) {
        const labels = cache.of(`member ${writer.node} ${listener.name} ${member.key}`, () =>
          writer.labels([
            ['service', listener.name],
            ['backend', member.key],
          ]),
        );
        const weight = member.observedWeight ?? 0;
        const row = rows.get(labels);
        // A member nobody checks counts as healthy while it may serve.
        const healthy = member.health === 'up' || (member.health === 'unknown' && member.effectiveWeight > 0);
        if (row === undefined) rows.set(labels, { healthy: healthy ? 1 : 0, weight });
        else {
          row.healthy = Math.min(row.healthy, healthy ? 1 : 0);
          row.weight = Math.min(row.weight, weight);
        }
      }
  }
  const write = (metric: Metric, value: (row: { healthy: number; weight: number }) => number): void => {
    writer.out.family(metric);
    const name = Buffer.from(metric.name);
    for (const [labels, row] of rows) writer.out.rowOf(name, labels, NOTHING, value(row));
  };
  write(METRICS.healthy, ({ healthy }) => healthy);
  write(METRICS.weight, ({ weight }) => weight);
}

const NOTHING = Buffer.alloc(0);

export type Counters = ReadonlyMap<string, readonly ItemCounters[]>;

// What every benchmark hands in: rows with a target and, where one exists, a peer measured in the same run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Row {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** `< 150`, `>= 7`, or empty where a figure is only told. */
  readonly target: string;
  /** Absent where there is no target. */
  readonly ok?: boolean;
  /** The same figure of another program or way, measured in this run. */
  readonly peer?: number;
  /** value / peer. */
  readonly ratio?: number;
}

export interface Report {
  readonly name: string;
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
}

const TARGET = /^(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)$/;
const OUT = fileURLToPath(new URL('out/', import.meta.url));

/** Judges the value by its target. A target it cannot read is a fault of the benchmark, not a pass. */
export function row(metric: string, value: number, unit: string, target = '', peer?: number): Row {
  const base = { metric, value: round(value), unit, target };
  const judged = target === '' ? base : { ...base, ok: meets(value, target) };
  return peer === undefined ? judged : { ...judged, peer: round(peer), ratio: round(value / peer) };
}

/** What the figures depend on; benchmarks add their own. */
export function machine(): Readonly<Record<string, string | number>> {
  return {
    node: process.version,
    os: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    // Well above the number of cores means that others took part of the time.
    load: round(loadavg()[0]!),
  };
}

/** The middle of several runs: one late garbage collection does not decide. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest value that so many of them do not exceed: 0.9 is nine of ten. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** Slope in log-log space: 1 is linear, 2 quadratic. */
export function exponent(points: readonly (readonly [size: number, cost: number])[]): number {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const over = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** Writes bench/out/<name>.json; again for each figure where a run is long. */
export function save(report: Report): void {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(`${OUT}${report.name}.json`, `${JSON.stringify(report, null, 2)}\n`);
}

/** Prints the table and saves it. Returns false when a target is missed. */
export function publish(report: Report): boolean {
  save(report);
  process.stdout.write(toTable(report));
  return report.rows.every((one) => one.ok !== false);
}

export function toTable(report: Report): string {
  const head = ['metric', 'value', 'unit', 'target', 'ok', 'peer', 'ratio'];
  const cells = report.rows.map((one) => [
    one.metric,
    String(one.value),
    one.unit,
    one.target,
    one.ok === undefined ? '' : one.ok ? 'yes' : 'NO',
    one.peer === undefined ? '' : String(one.peer),
    one.ratio === undefined ? '' : String(one.ratio),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)));
  const print = (line: readonly string[]) =>
    line
      .map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const conditions = Object.entries(report.conditions).map(([name, value]) => `${name} ${value}`);
  return `\n${report.name}  (${conditions.join(', ')})\n${[head, ...cells].map(print).join('\n')}\n`;
}

function meets(value: number, target: string): boolean {
  const match = TARGET.exec(target);
  if (match === null) throw new RangeError(`Cannot read a target: current value is "${target}"`);
  const limit = Number(match[2]);
  if (match[1] === '<') return value < limit;
  if (match[1] === '<=') return value <= limit;
  return match[1] === '>' ? value > limit : value >= limit;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

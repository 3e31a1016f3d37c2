// Rates between two reads of the counters. Pure.
import type { CounterRow, Stats } from './member-connections.ts';

export interface Rates {
  readonly connections: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface NamedRates extends Rates {
  readonly driver: string;
  readonly key: string;
}

const FIELDS = ['connections', 'packetsIn', 'packetsOut', 'bytesIn', 'bytesOut'] as const;

/** By the daemon's own clock. A row that was made anew counts from zero; one that is new has no rate yet. */
export function ratesBetween(before: Stats, now: Stats): NamedRates[] {
  const seconds = (now.atMs - before.atMs) / 1000;
  return Object.entries(now.drivers).flatMap(([driver, rows]) => {
    const old = new Map((before.drivers[driver] ?? []).map((row) => [row.key, row]));
    return rows.map((row) => ({ driver, key: row.key, ...rowRates(old.get(row.key), row, seconds) }));
  });
}

function rowRates(before: CounterRow | undefined, now: CounterRow, seconds: number): Rates {
  const rate = (field: (typeof FIELDS)[number]): number => {
    if (before === undefined || seconds <= 0) return 0;
    const [was, is] = [BigInt(before[field]), BigInt(now[field])];
    return Number(is >= was ? is - was : is) / seconds;
  };
  return {
    connections: rate('connections'),
    packetsIn: rate('packetsIn'),
    packetsOut: rate('packetsOut'),
    bytesIn: rate('bytesIn'),
    bytesOut: rate('bytesOut'),
  };
}

/** `0`, `0.4`, `12`, `999`, `1.2k`, `35M`: at most four characters. */
export function shortNumber(value: number): string {
  for (const [unit, size] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (value >= size * 0.9995) {
      const part = value / size;
      return `${part < 9.95 ? part.toFixed(1) : Math.round(part)}${unit}`;
    }
  return value === 0 || value >= 9.95 ? String(Math.round(value)) : value.toFixed(1);
}

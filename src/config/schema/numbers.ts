// Scalars with a grammar of their own: durations, addresses, networks, ports, endpoints and ranges of codes.
import type { z } from 'zod';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { canonicalIp, isIp } from '../../lib/ip.ts';
import { formatPrefix, hasHostBits, type Prefix, parsePrefix } from '../../lib/prefix.ts';
import { Fault, scalar, show } from './field.ts';
import { defaultOf, int, numberOf } from './words.ts';

const DURATION = '^(\\d+(\\.\\d+)?(us|ms|s|m|h|d))+$';
export const YEAR_MS = 365 * 86_400_000;

export interface DurationOptions {
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly defaultMs?: number;
}

/** Comes out as milliseconds. */
export function duration(about: string, options: DurationOptions = {}): z.ZodType<number> {
  const min = options.minMs ?? 0;
  const max = options.maxMs ?? YEAR_MS;
  const range = `${formatDuration(min)} to ${formatDuration(max)}`;
  return scalar(
    about,
    {
      type: 'duration',
      ...defaultOf(options.defaultMs === undefined ? undefined : formatDuration(options.defaultMs)),
      unit: 'us, ms, s, m, h or d',
      allowed: range,
      json: { type: 'string', pattern: DURATION },
    },
    (value) => {
      if (typeof value === 'number')
        return new Fault(
          'duration-unit',
          `Must be a duration with a unit: current value is ${value}`,
          `Write ${value}s or ${value}ms`,
        );
      const ms = typeof value === 'string' ? parseDuration(value) : undefined;
      if (ms === undefined)
        return new Fault(
          'bad-duration',
          `Must be a duration such as 500ms, 5s, 1m30s or 2h: current value is ${show(value)}`,
        );
      if (ms < min || ms > max)
        return new Fault('out-of-range', `Must be ${range}: current value is ${formatDuration(ms)}`);
      return ms;
    },
  );
}

export function address(about: string, defaultValue?: string): z.ZodType<string> {
  return scalar(
    about,
    { type: 'IP address', ...defaultOf(defaultValue), json: { type: 'string' } },
    (value) => readAddress(value),
  );
}

export function readAddress(value: unknown): string | Fault {
  if (typeof value === 'string' && isIp(value)) return canonicalIp(value);
  const bare = typeof value === 'string' ? value.replace(/^\[?([^\]/]*)\]?([:/]\d+)?$/, '$1') : '';
  return new Fault(
    'bad-address',
    `Must be an IPv4 or IPv6 address: current value is ${show(value)}`,
    bare !== value && isIp(bare) ? `Write ${bare} alone` : undefined,
  );
}

/** `192.0.2.0/24`, or an address alone as its full length. */
export function prefix(about: string): z.ZodType<Prefix> {
  return scalar(
    about,
    {
      type: 'address or network',
      allowed: '192.0.2.10, 192.0.2.0/24, 2001:db8::/64',
      json: { type: 'string' },
    },
    (value) =>
      (typeof value === 'string' ? parsePrefix(value) : undefined) ??
      new Fault(
        'bad-address',
        `Must be an address or a network such as 192.0.2.0/24: current value is ${show(value)}`,
      ),
  );
}

/** As `prefix`, in text and with the network's own spelling where host bits are set. */
export function formatNetwork(value: Prefix): string {
  return formatPrefix(value);
}

export function isLooseNetwork(value: Prefix): boolean {
  return hasHostBits(value);
}

export function port(about: string, defaultValue?: number): z.ZodType<number> {
  return int(about, { min: 1, max: 65535, ...(defaultValue === undefined ? {} : { default: defaultValue }) });
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** `80`, or `8000-8010` with both ends included. */
export function portRange(about: string): z.ZodType<Range> {
  return range(about, 'port or range', 1, 65535, '8000-8010');
}

/** `200`, or `200-299`. */
export function codeRange(about: string): z.ZodType<Range> {
  return range(about, 'code or range', 100, 599, '200-299');
}

function range(about: string, type: string, min: number, max: number, example: string): z.ZodType<Range> {
  return scalar(
    about,
    {
      type,
      allowed: `${min}-${max}`,
      json: {
        anyOf: [
          { type: 'integer', minimum: min, maximum: max },
          { type: 'string', pattern: '^\\d+(-\\d+)?$' },
        ],
      },
    },
    (value) => {
      const single = numberOf(value);
      const match = typeof value === 'string' ? /^(\d{1,5})\s*-\s*(\d{1,5})$/.exec(value) : null;
      const from = single ?? (match === null ? undefined : Number(match[1]));
      const to = single ?? (match === null ? undefined : Number(match[2]));
      if (from === undefined || to === undefined)
        return new Fault(
          'wrong-type',
          `Must be a number or a range such as ${example}: current value is ${show(value)}`,
        );
      if (from < min || to > max || from > max)
        return new Fault('out-of-range', `Must be within ${min}-${max}: current value is ${show(value)}`);
      if (from > to)
        return new Fault(
          'range-reversed',
          `Must not end before it starts: current value is ${show(value)}`,
          `Write ${to}-${from}`,
        );
      return { from, to };
    },
  );
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.1:7891`, `[2001:db8::1]:7891`. */
export function endpoint(about: string, defaultPort?: number): z.ZodType<HostPort> {
  return scalar(
    about,
    { type: 'address:port', allowed: '192.0.2.1:7891, [2001:db8::1]:7891', json: { type: 'string' } },
    (value) => {
      const match =
        typeof value === 'string' ? /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(value) : null;
      const host = match?.[1] ?? match?.[2] ?? '';
      const number = match?.[3] === undefined ? defaultPort : Number(match[3]);
      if (!isIp(host) || number === undefined || number < 1 || number > 65535)
        return new Fault(
          'bad-address',
          `Must be address:port such as 192.0.2.1:7891 or [2001:db8::1]:7891: current value is ${show(value)}`,
        );
      return { host: canonicalIp(host), port: number };
    },
  );
}

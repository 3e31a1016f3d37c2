// What to ask a member, how often, and how many answers make a verdict.
import type { Secret } from '../lib/secret.ts';

export const CHECK_TYPES = [
  'tcp',
  'http',
  'https',
  'tls-hello',
  'grpc',
  'dns',
  'smtp',
  'udp',
  'icmp',
  'script',
  'file',
  'bfd',
  'fixed',
] as const;
export type CheckType = (typeof CHECK_TYPES)[number];

/** What a member counts as before its first result: serve at once, wait for one, or let the first result decide. */
export const FIRST_RESULT_POLICIES = ['up', 'down', 'first'] as const;
export type FirstResult = (typeof FIRST_RESULT_POLICIES)[number];

export interface CodeRange {
  readonly from: number;
  readonly to: number;
}

/** One request of an http(s) check; all of a check's requests must pass. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly codes: readonly CodeRange[];
  /** Regular expression the body must match, or must not with `bodyInvert`. */
  readonly body?: string;
  readonly bodyInvert: boolean;
  /** Hex digest (md5 or sha-256) of the body. */
  readonly digest?: string;
}

interface CheckTiming {
  readonly intervalMs: number;
  /** Used instead of `intervalMs` while the state is in doubt. */
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  readonly first: FirstResult;
}

interface CheckTarget {
  readonly address?: string;
  readonly port?: number;
  readonly sourceAddress?: string;
  readonly device?: string;
  readonly mark?: number;
  /** Send the probe to the VIP through the member, as data goes (`dr` and `tunnel`). */
  readonly viaVip: boolean;
}

export interface TlsCheckOptions {
  readonly sni?: string;
  readonly verify: boolean;
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly alpn: readonly string[];
  /** Fails when the certificate ends within this many days; 0 is off. */
  readonly minDaysLeft: number;
}

export type CheckDetail =
  | { readonly type: 'tcp'; readonly send?: string; readonly expect?: string }
  | {
      readonly type: 'http' | 'https';
      readonly version: '1.0' | '1.1' | '2';
      readonly host?: string;
      readonly requests: readonly HttpRequest[];
      readonly tls?: TlsCheckOptions;
    }
  | { readonly type: 'tls-hello'; readonly tls: TlsCheckOptions }
  | { readonly type: 'grpc'; readonly service: string; readonly tls?: TlsCheckOptions }
  | {
      readonly type: 'dns';
      readonly name: string;
      readonly record: 'A' | 'AAAA' | 'NS' | 'CNAME' | 'SOA' | 'MX' | 'TXT';
      readonly transport: 'udp' | 'tcp';
      readonly rcode: string;
      readonly answers: readonly string[];
    }
  | {
      readonly type: 'smtp';
      readonly helo: string;
      readonly startTls: boolean;
      readonly tls?: TlsCheckOptions;
    }
  | {
      readonly type: 'udp';
      /** Payload as hex. */
      readonly payload: string;
      readonly requireReply: boolean;
      /** Regular expression over the reply read as latin-1. */
      readonly expect?: string;
      readonly minReplyBytes: number;
      readonly maxReplyBytes: number;
    }
  | { readonly type: 'icmp'; readonly payloadBytes: number }
  | {
      readonly type: 'script';
      readonly command: readonly string[];
      readonly user?: string;
      readonly environment: Readonly<Record<string, string | Secret>>;
      /** Exit code 2-255 sets the weight to code - 2. */
      readonly dynamicWeight: boolean;
    }
  | { readonly type: 'file'; readonly path: string; readonly dynamicWeight: boolean }
  | { readonly type: 'bfd'; readonly session: string }
  | { readonly type: 'fixed'; readonly state: 'up' | 'down' };

export type HealthCheck = CheckTiming & CheckTarget & CheckDetail;

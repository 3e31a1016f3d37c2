// Listeners of the file -> Listener of the model, with defaults; and the pool a listener owns when it holds members.
import { canonicalIp, isIp } from '../../lib/ip.ts';
import { formatPrefix } from '../../lib/prefix.ts';
import type { HttpOptions, RuleAction } from '../../model/http.ts';
import type { Listener, ListenerLimits, Persistence, Timeouts } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import { type Engine, isLayer7, type Mode } from '../../model/protocol.ts';
import type { ListenerTls } from '../../model/tls.ts';
import { DEFAULTS } from '../defaults.ts';
import type { HttpDoc, ListenerTlsDoc } from '../schema/http.ts';
import type { ListenerDoc } from '../schema/listener.ts';
import type { PoolDoc } from '../schema/pool.ts';
import { given, sortedRecord, withGiven } from './given.ts';

const D = DEFAULTS;

export interface ListenerDefaults {
  readonly engine: Engine;
  readonly mode: Mode;
}

/** VIP names by name and by address; the decoder adds those that addresses make. */
export interface VipNames {
  /** The name of the VIP a reference means, or undefined where it means none. */
  nameOf(reference: string): string | undefined;
}

export function toListener(
  doc: ListenerDoc,
  pool: Pool | undefined,
  defaults: ListenerDefaults,
  vips: VipNames,
): Listener {
  const protocol = doc.protocol ?? D.protocol;
  const engine = doc.engine ?? D.engine;
  const proxied =
    isLayer7(protocol) ||
    (engine === 'auto' ? defaults.engine : engine) === 'haproxy' ||
    doc.tls !== undefined ||
    doc.http !== undefined ||
    doc.accept_proxy === true ||
    pool?.tls !== undefined ||
    pool?.passive !== undefined ||
    (pool?.sendProxy ?? 0) !== 0;
  return withGiven(
    {
      name: doc.name,
      vips: vipReferences(doc).map((reference) => vips.nameOf(reference) ?? reference),
      ports: doc.ports ?? (doc.port === undefined ? [] : [doc.port]),
      protocol,
      engine,
      mode: doc.mode ?? (proxied ? 'proxy' : defaults.mode),
      scheduler: doc.scheduler?.name ?? D.scheduler,
      schedulerFlags: doc.scheduler?.flags ?? [],
      pool: doc.pool ?? doc.name,
      tunnel: doc.tunnel === undefined ? D.tunnel : { ...D.tunnel, ...given(doc.tunnel) },
      sourceAddresses: doc.source_addresses ?? [],
      allowedSources: (doc.allowed_sources ?? []).map(formatPrefix),
      limits: doc.limits === undefined ? D.limits : toLimits(doc.limits),
      timeouts: doc.timeouts === undefined ? D.timeouts : toTimeouts(doc.timeouts),
      acceptProxy: doc.accept_proxy ?? false,
      raw: doc.raw ?? [],
      enabled: doc.enabled ?? true,
      adopt: doc.adopt ?? false,
    },
    {
      mark: doc.mark,
      markFamily: doc.mark_family as 4 | 6 | undefined,
      schedulerKey: doc.scheduler?.key,
      persistence: doc.persistence === undefined ? undefined : toPersistence(doc.persistence),
      tls: doc.tls === undefined ? undefined : toTls(doc.tls),
      http: doc.http === undefined ? undefined : toHttp(doc.http),
    },
  );
}

function toLimits(doc: NonNullable<ListenerDoc['limits']>): ListenerLimits {
  return {
    connections: doc.connections ?? D.limits.connections,
    connectionsPerSecond: doc.connections_per_second ?? D.limits.connectionsPerSecond,
    perSourcePerSecond: doc.per_source_per_second ?? D.limits.perSourcePerSecond,
  };
}

function toTimeouts(doc: NonNullable<ListenerDoc['timeouts']>): Timeouts {
  return {
    clientMs: doc.client ?? D.timeouts.clientMs,
    connectMs: doc.connect ?? D.timeouts.connectMs,
    memberMs: doc.member ?? D.timeouts.memberMs,
    inspectMs: doc.inspect ?? D.timeouts.inspectMs,
    requestMs: doc.request ?? D.timeouts.requestMs,
    keepAliveMs: doc.keep_alive ?? D.timeouts.keepAliveMs,
  };
}

/** As written, addresses in their canonical spelling. */
export function vipReferences(doc: ListenerDoc): string[] {
  const written = doc.vips ?? (doc.vip === undefined ? [] : [doc.vip]);
  return written.map((reference) => (isIp(reference) ? canonicalIp(reference) : reference));
}

/** The keys a listener shares with a pool. */
const POOL_KEYS = [
  'members',
  'health',
  'quorum',
  'sorry',
  'on_failure',
  'slow_start',
  'drain',
  'panic',
  'send_proxy',
  'max_queue',
  'passive',
] as const;

export function poolKeysOf(doc: ListenerDoc): string[] {
  return [...POOL_KEYS, 'pool_tls' as const].filter((key) => doc[key] !== undefined);
}

/** The pool a listener owns: its own name, and the pool keys it holds. */
export function ownedPool(doc: ListenerDoc): PoolDoc {
  const out: Record<string, unknown> = { name: doc.name };
  for (const key of POOL_KEYS) if (doc[key] !== undefined) out[key] = doc[key];
  if (doc.pool_tls !== undefined) out.tls = doc.pool_tls;
  return out as PoolDoc;
}

function toPersistence(doc: NonNullable<ListenerDoc['persistence']>): Persistence {
  const timeoutMs = doc.timeout ?? D.persistence.timeoutMs;
  const kind = doc.type ?? 'source';
  if (kind === 'source')
    return {
      kind,
      timeoutMs,
      granularityV4: doc.granularity ?? D.persistence.granularityV4,
      granularityV6: doc.granularity6 ?? D.persistence.granularityV6,
    };
  if (kind === 'sip') return { kind, timeoutMs };
  return { kind, cookie: doc.cookie ?? (kind === 'insert-cookie' ? D.persistence.cookie : ''), timeoutMs };
}

function toTls(doc: ListenerTlsDoc): ListenerTls {
  return given({
    certificates: doc.certificates ?? [],
    minVersion: doc.min_version ?? D.tls.minVersion,
    maxVersion: doc.max_version ?? D.tls.maxVersion,
    ciphers: doc.ciphers,
    ciphersuites: doc.ciphersuites,
    alpn: doc.alpn ?? [],
    clientAuth: doc.client_auth ?? D.tls.clientAuth,
    clientCa: doc.client_ca,
    clientCrl: doc.client_crl,
    hsts:
      doc.hsts === undefined
        ? undefined
        : {
            maxAgeSeconds: Math.round((doc.hsts.max_age ?? D.tls.hstsMaxAgeMs) / 1000),
            includeSubdomains: doc.hsts.include_subdomains ?? false,
            preload: doc.hsts.preload ?? false,
          },
  });
}

function toHttp(doc: HttpDoc): HttpOptions {
  return {
    rules: (doc.rules ?? []).map((rule) => ({
      name: rule.name,
      matches: (rule.match ?? []).map((match) =>
        given({
          type: match.type,
          compare: match.compare ?? 'equal',
          key: match.key,
          value: match.value ?? '',
          invert: match.invert ?? false,
        }),
      ),
      action: toAction(rule.action),
    })),
    insertHeaders: doc.insert_headers ?? [],
    setHeaders: sortedRecord(doc.set_headers),
    removeHeaders: doc.remove_headers ?? [],
    compression: doc.compression ?? false,
    errorPages: sortedRecord(doc.error_pages),
    maintenance: doc.maintenance ?? false,
  };
}

/** Where none or several are given a check has reported it; the first counts. */
function toAction(doc: NonNullable<HttpDoc['rules']>[number]['action']): RuleAction {
  const code = doc.code ?? D.redirectCode;
  if (doc.pool !== undefined) return { kind: 'pool', pool: doc.pool };
  if (doc.redirect_url !== undefined) return { kind: 'redirect-url', url: doc.redirect_url, code };
  if (doc.redirect_prefix !== undefined)
    return { kind: 'redirect-prefix', prefix: doc.redirect_prefix, code };
  return { kind: 'reject', code: doc.reject ?? D.rejectCode };
}

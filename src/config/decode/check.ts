// Health checks of the file -> HealthCheck of the model, with defaults.
import type { Secret } from '../../lib/secret.ts';
import type { HealthCheck, HttpRequest, TlsCheckOptions } from '../../model/health-check.ts';
import { DEFAULTS } from '../defaults.ts';
import { below, type Origin } from '../report.ts';
import type { CheckDoc, CheckDocOf } from '../schema/health.ts';
import { given, sortedRecord } from './given.ts';
import type { SecretReader } from './secret-reader.ts';

const D = DEFAULTS.check;

export function toCheck(doc: CheckDoc, origin: () => Origin, secrets: SecretReader): HealthCheck {
  const intervalMs = doc.interval ?? D.intervalMs;
  const common = given({
    intervalMs,
    fastIntervalMs: doc.fast_interval ?? Math.min(D.fastIntervalMs, intervalMs),
    timeoutMs: doc.timeout ?? Math.min(D.timeoutMs, intervalMs),
    rise: doc.rise ?? D.rise,
    fall: doc.fall ?? D.fall,
    first: doc.first ?? D.first,
    address: doc.address,
    port: doc.port,
    sourceAddress: doc.source,
    device: doc.device,
    mark: doc.mark,
    viaVip: doc.via_vip ?? false,
  });
  return { ...common, ...toDetail(doc, origin, secrets) } as HealthCheck;
}

function toDetail(doc: CheckDoc, origin: () => Origin, secrets: SecretReader): object {
  switch (doc.type) {
    case 'tcp':
      return given({ type: doc.type, send: doc.send, expect: doc.expect });
    case 'http':
      return given({
        type: doc.type,
        version: doc.version ?? D.httpVersion,
        host: doc.host,
        requests: toRequests(doc),
      });
    case 'https':
      return given({
        type: doc.type,
        version: doc.version ?? D.httpVersion,
        host: doc.host,
        requests: toRequests(doc),
        tls: toTls(doc),
      });
    case 'tls-hello':
      return { type: doc.type, tls: toTls(doc) };
    case 'grpc':
      return given({
        type: doc.type,
        service: doc.service ?? '',
        tls: (doc.tls ?? false) ? toTls(doc) : undefined,
      });
    case 'dns':
      return {
        type: doc.type,
        name: doc.name ?? D.dnsName,
        record: doc.record ?? D.dnsRecord,
        transport: doc.transport ?? D.dnsTransport,
        rcode: doc.rcode ?? D.dnsRcode,
        answers: doc.answers ?? [],
      };
    case 'smtp':
      return given({
        type: doc.type,
        helo: doc.helo ?? D.helo,
        startTls: doc.start_tls ?? false,
        tls: (doc.start_tls ?? false) ? toTls(doc) : undefined,
      });
    case 'udp':
      return given({
        type: doc.type,
        payload: doc.payload?.toLowerCase() ?? '',
        requireReply: doc.require_reply ?? false,
        expect: doc.expect,
        minReplyBytes: doc.min_reply_bytes ?? 0,
        maxReplyBytes: doc.max_reply_bytes ?? D.maxReplyBytes,
      });
    case 'icmp':
      return { type: doc.type, payloadBytes: doc.payload_bytes ?? D.icmpPayloadBytes };
    case 'script':
      return given({
        type: doc.type,
        command: doc.command,
        user: doc.user,
        environment: toEnvironment(doc.environment, origin, secrets),
        dynamicWeight: doc.dynamic_weight ?? false,
      });
    case 'file':
      return { type: doc.type, path: doc.path, dynamicWeight: doc.dynamic_weight ?? false };
    case 'bfd':
      return { type: doc.type, session: doc.session };
    case 'fixed':
      return { type: doc.type, state: doc.state ?? D.fixedState };
  }
}

type RequestDoc = Pick<
  CheckDocOf<'http'>,
  'method' | 'path' | 'headers' | 'codes' | 'body' | 'body_invert' | 'digest'
>;

function toRequests(doc: CheckDocOf<'http'> | CheckDocOf<'https'>): HttpRequest[] {
  return (doc.requests ?? [doc]).map(toRequest);
}

function toRequest(doc: RequestDoc): HttpRequest {
  return given({
    method: doc.method ?? D.method,
    path: doc.path ?? D.path,
    headers: sortedRecord(doc.headers),
    codes: doc.codes ?? D.codes,
    body: doc.body,
    bodyInvert: doc.body_invert ?? false,
    digest: doc.digest?.toLowerCase(),
  });
}

function toTls(doc: Omit<CheckDocOf<'tls-hello'>, 'type'>): TlsCheckOptions {
  return given({
    sni: doc.sni,
    verify: doc.verify ?? false,
    ca: doc.ca,
    clientCertificate: doc.client_certificate,
    clientKey: doc.client_key,
    alpn: doc.alpn ?? [],
    minDaysLeft: doc.min_days_left ?? 0,
  });
}

/** Plain text is no secret here: most variables are not, and a warning for each would be noise. */
function toEnvironment(
  doc: CheckDocOf<'script'>['environment'],
  origin: () => Origin,
  secrets: SecretReader,
): Record<string, string | Secret> {
  const out: Record<string, string | Secret> = {};
  for (const [name, ref] of Object.entries(sortedRecord(doc))) {
    if (ref.kind === 'inline') out[name] = ref.value;
    else {
      const secret = secrets.resolve(ref, below(origin(), 'environment', name));
      if (secret !== undefined) out[name] = secret;
    }
  }
  return out;
}

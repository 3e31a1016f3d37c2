// Pools and members of the file -> Pool of the model, with defaults.
import { endpointKey } from '../../model/keys.ts';
import type { Member, Pool } from '../../model/pool.ts';
import type { PoolTls } from '../../model/tls.ts';
import { DEFAULTS } from '../defaults.ts';
import { below, type Origin } from '../report.ts';
import type { CheckDoc } from '../schema/health.ts';
import type { MemberDoc } from '../schema/member.ts';
import type { PoolDoc, PoolTlsDoc } from '../schema/pool.ts';
import { toCheck } from './check.ts';
import { given } from './given.ts';
import type { SecretReader } from './secret-reader.ts';

const D = DEFAULTS.pool;
const M = DEFAULTS.member;

/** Also of a listener that holds its members itself; then `name` is the listener's. */
export function toPool(doc: PoolDoc, origin: Origin, secrets: SecretReader): Pool {
  const quorum = doc.quorum ?? {};
  return given({
    name: doc.name,
    members: (doc.members ?? []).map((member, index) =>
      toMember(member, below(origin, 'members', index), secrets),
    ),
    checks: toChecks(doc.health, origin, secrets),
    quorum: given({
      weight: quorum.weight ?? D.quorumWeight,
      hysteresis: quorum.hysteresis ?? D.hysteresis,
      onUp: quorum.on_up,
      onDown: quorum.on_down,
    }),
    sorry: doc.sorry === undefined ? undefined : { address: doc.sorry.address, port: doc.sorry.port ?? 0 },
    onFailure: doc.on_failure ?? D.onFailure,
    slowStartMs: doc.slow_start ?? D.slowStartMs,
    drainMs: doc.drain ?? D.drainMs,
    panicPercent: doc.panic ?? D.panicPercent,
    tls: doc.tls === undefined ? undefined : toPoolTls(doc.tls),
    sendProxy: (doc.send_proxy ?? D.sendProxy) as 0 | 1 | 2,
    maxQueue: doc.max_queue ?? D.maxQueue,
  });
}

function toMember(doc: MemberDoc, origin: Origin, secrets: SecretReader): Member {
  const port = doc.port ?? M.port;
  const member = {
    name: doc.name ?? (port === 0 ? doc.address : endpointKey(doc.address, port)),
    address: doc.address,
    port,
    weight: doc.weight ?? M.weight,
    backup: doc.backup ?? false,
    state: doc.state ?? M.state,
    maxConnections: doc.max_connections ?? M.maxConnections,
    minConnections: doc.min_connections ?? M.minConnections,
  };
  if (doc.health === undefined && doc.check_address === undefined && doc.check_port === undefined)
    return member;
  return given({
    ...member,
    checks: doc.health === undefined ? undefined : toChecks(doc.health, origin, secrets),
    checkAddress: doc.check_address,
    checkPort: doc.check_port,
  });
}

function toChecks(docs: readonly CheckDoc[] | undefined, origin: Origin, secrets: SecretReader) {
  return (docs ?? []).map((doc, index) => toCheck(doc, below(origin, 'health', index), secrets));
}

function toPoolTls(doc: PoolTlsDoc): PoolTls {
  return given({
    verify: doc.verify ?? D.tlsVerify,
    ca: doc.ca,
    crl: doc.crl,
    certificate: doc.certificate,
    sni: doc.sni,
    minVersion: doc.min_version,
    ciphers: doc.ciphers,
    alpn: doc.alpn ?? [],
  });
}

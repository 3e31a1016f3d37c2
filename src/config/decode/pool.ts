// Pools and members of the file -> Pool of the model, with defaults.
import { endpointKey } from '../../model/keys.ts';
import type { Member, Pool, Quorum } from '../../model/pool.ts';
import type { PoolTls } from '../../model/tls.ts';
import { DEFAULTS } from '../defaults.ts';
import { below, type Origin } from '../report.ts';
import type { CheckDoc } from '../schema/health.ts';
import type { MemberDoc } from '../schema/member.ts';
import type { PoolDoc, PoolTlsDoc } from '../schema/pool.ts';
import { toCheck } from './check.ts';
import { given, withGiven } from './given.ts';
import type { SecretReader } from './secret-reader.ts';

const D = DEFAULTS.pool;
const M = DEFAULTS.member;

/** Also of a listener that holds its members itself; then `name` is the listener's. */
export function toPool(doc: PoolDoc, origin: Origin, secrets: SecretReader): Pool {
  return withGiven(
    {
      name: doc.name,
      members: (doc.members ?? []).map((member, index) => toMember(member, origin, index, secrets)),
      checks: toChecks(doc.health, origin, secrets),
      quorum: doc.quorum === undefined ? DEFAULT_QUORUM : toQuorum(doc.quorum),
      onFailure: doc.on_failure ?? D.onFailure,
      slowStartMs: doc.slow_start ?? D.slowStartMs,
      drainMs: doc.drain ?? D.drainMs,
      panicPercent: doc.panic ?? D.panicPercent,
      sendProxy: (doc.send_proxy ?? D.sendProxy) as 0 | 1 | 2,
      maxQueue: doc.max_queue ?? D.maxQueue,
    },
    {
      sorry: doc.sorry === undefined ? undefined : { address: doc.sorry.address, port: doc.sorry.port ?? 0 },
      tls: doc.tls === undefined ? undefined : toPoolTls(doc.tls),
      passive:
        doc.passive === undefined
          ? undefined
          : {
              observe: doc.passive.observe ?? D.passiveObserve,
              errors: doc.passive.errors ?? D.passiveErrors,
              retryMs: doc.passive.retry ?? D.passiveRetryMs,
            },
    },
  );
}

const DEFAULT_QUORUM: Quorum = { weight: D.quorumWeight, hysteresis: D.hysteresis };

function toQuorum(doc: NonNullable<PoolDoc['quorum']>): Quorum {
  return given({
    weight: doc.weight ?? D.quorumWeight,
    hysteresis: doc.hysteresis ?? D.hysteresis,
    onUp: doc.on_up,
    onDown: doc.on_down,
  });
}

function toMember(doc: MemberDoc, pool: Origin, index: number, secrets: SecretReader): Member {
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
    checks:
      doc.health === undefined ? undefined : toChecks(doc.health, below(pool, 'members', index), secrets),
    checkAddress: doc.check_address,
    checkPort: doc.check_port,
  });
}

function toChecks(docs: readonly CheckDoc[] | undefined, origin: Origin, secrets: SecretReader) {
  return (docs ?? []).map((doc, index) => toCheck(doc, () => below(origin, 'health', index), secrets));
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

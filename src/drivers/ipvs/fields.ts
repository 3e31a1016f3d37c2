// IPVS rows as item fields and back. What is at its default has no field, so that a plan shows only what somebody asked for.
import { bitsOf } from '../../lib/prefix.ts';
import type { Fields, FieldValue } from '../../model/item.ts';
import { SCHEDULER_FLAGS, type SchedulerFlag } from '../../model/protocol.ts';
import type { IpvsDestination } from '../../wire/netlink/ipvs-destination.ts';
import { FORWARDING, SERVICE_FLAG, TUNNEL_FLAG, TUNNEL_TYPE } from '../../wire/netlink/ipvs-numbers.ts';
import type { IpvsService, IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';

const FLAG_OF: Readonly<Record<SchedulerFlag, number>> = {
  port: SERVICE_FLAG.port,
  fallback: SERVICE_FLAG.fallback,
  'one-packet': SERVICE_FLAG.onePacket,
};

/** `300s/24`: how long, and how much of the client's address counts. */
const PERSISTENCE = /^(\d+)s\/(\d+)$/;

export function serviceFields(service: IpvsService): Record<string, FieldValue> {
  const flags = SCHEDULER_FLAGS.filter((flag) => (service.flags & FLAG_OF[flag]) !== 0);
  const persistent = (service.flags & SERVICE_FLAG.persistent) !== 0;
  return {
    scheduler: service.scheduler,
    ...(flags.length === 0 ? {} : { flags: flags.join(',') }),
    ...(persistent ? { persistence: `${service.timeoutSeconds}s/${service.granularity}` } : {}),
    ...(service.engine === '' ? {} : { persistenceEngine: service.engine }),
  };
}

export function toService(key: IpvsServiceKey, fields: Fields): IpvsService {
  const persistence = PERSISTENCE.exec(String(fields.persistence ?? ''));
  let flags = persistence === null ? 0 : SERVICE_FLAG.persistent;
  for (const flag of String(fields.flags ?? '').split(',')) flags |= FLAG_OF[flag as SchedulerFlag] ?? 0;
  return {
    key,
    scheduler: String(fields.scheduler),
    flags,
    timeoutSeconds: persistence === null ? 0 : Number(persistence[1]),
    granularity: persistence === null ? bitsOf(key.family) : Number(persistence[2]),
    engine: String(fields.persistenceEngine ?? ''),
  };
}

export function destinationFields(destination: IpvsDestination): Record<string, FieldValue> {
  return {
    weight: destination.weight,
    forwarding: forwardingText(destination),
    ...(destination.upper === 0 ? {} : { maxConnections: destination.upper }),
    ...(destination.lower === 0 ? {} : { minConnections: destination.lower }),
  };
}

export function toDestination(address: string, port: number, fields: Fields): IpvsDestination {
  return {
    address,
    port,
    weight: Number(fields.weight),
    upper: Number(fields.maxConnections ?? 0),
    lower: Number(fields.minConnections ?? 0),
    ...fromForwardingText(String(fields.forwarding)),
  };
}

type Forwarding = Pick<IpvsDestination, 'forwarding' | 'tunnelType' | 'tunnelPort' | 'tunnelFlags'>;

/** `nat`, `dr`, `ipip`, `gue 6080`, `gue 6080 full`, `gre remote` */
export function forwardingText(row: Forwarding): string {
  if (row.forwarding === FORWARDING.dr) return 'dr';
  if (row.forwarding === FORWARDING.local) return 'local';
  if (row.forwarding === FORWARDING.bypass) return 'bypass';
  if (row.forwarding !== FORWARDING.tunnel) return 'nat';
  if (row.tunnelType === TUNNEL_TYPE.ipip) return 'ipip';
  const sum =
    row.tunnelFlags === TUNNEL_FLAG.full ? ' full' : row.tunnelFlags === TUNNEL_FLAG.remote ? ' remote' : '';
  return row.tunnelType === TUNNEL_TYPE.gue ? `gue ${row.tunnelPort}${sum}` : `gre${sum}`;
}

export function fromForwardingText(text: string): Forwarding {
  const [word, ...rest] = text.split(' ');
  const plain = { tunnelType: TUNNEL_TYPE.ipip, tunnelPort: 0, tunnelFlags: TUNNEL_FLAG.none };
  if (word === 'dr') return { ...plain, forwarding: FORWARDING.dr };
  if (word === 'local') return { ...plain, forwarding: FORWARDING.local };
  if (word === 'bypass') return { ...plain, forwarding: FORWARDING.bypass };
  if (word === 'nat') return { ...plain, forwarding: FORWARDING.nat };
  const tunnelFlags = TUNNEL_FLAG[(rest.at(-1) ?? '') as keyof typeof TUNNEL_FLAG] ?? TUNNEL_FLAG.none;
  const tunnel = { ...plain, forwarding: FORWARDING.tunnel, tunnelFlags };
  if (word === 'gue') return { ...tunnel, tunnelType: TUNNEL_TYPE.gue, tunnelPort: Number(rest[0]) };
  return word === 'gre'
    ? { ...tunnel, tunnelType: TUNNEL_TYPE.gre }
    : { ...tunnel, tunnelFlags: TUNNEL_FLAG.none };
}

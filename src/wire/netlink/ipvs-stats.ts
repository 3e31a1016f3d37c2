// Counters and rates of a service or destination: IPVS_SVC_ATTR_STATS64, IPVS_DEST_ATTR_STATS64.
import type { AttributeReader } from './attribute-reader.ts';
import { STATS_ATTR } from './ipvs-numbers.ts';

export interface IpvsStats {
  readonly connections: bigint;
  readonly packetsIn: bigint;
  readonly packetsOut: bigint;
  readonly bytesIn: bigint;
  readonly bytesOut: bigint;
  /** Per second, the kernel's own moving estimate. */
  readonly connectionRate: bigint;
  readonly packetRateIn: bigint;
  readonly packetRateOut: bigint;
  readonly byteRateIn: bigint;
  readonly byteRateOut: bigint;
}

type Writable = { -readonly [Field in keyof IpvsStats]: bigint };

const FIELD_OF: Readonly<Record<number, keyof IpvsStats>> = Object.fromEntries(
  Object.entries(STATS_ATTR).map(([field, type]) => [type, field as keyof IpvsStats]),
);

export const NO_STATS: IpvsStats = Object.freeze({
  connections: 0n,
  packetsIn: 0n,
  packetsOut: 0n,
  bytesIn: 0n,
  bytesOut: 0n,
  connectionRate: 0n,
  packetRateIn: 0n,
  packetRateOut: 0n,
  byteRateIn: 0n,
  byteRateOut: 0n,
});

export function readStats(reader: AttributeReader): IpvsStats {
  const stats: Writable = { ...NO_STATS };
  while (reader.next()) {
    // A pad attribute keeps the 64 bit values aligned; it is no field.
    const field = FIELD_OF[reader.type];
    if (field !== undefined) stats[field] = reader.u64();
  }
  return stats;
}

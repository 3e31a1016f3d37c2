// What /proc/net/ip_vs would show of a table (ip_vs_info_seq_show in ip_vs_ctl.c).
import { toBytes } from '../../lib/ip.ts';
import type { IpvsDestinationRow } from '../../wire/netlink/ipvs-destination.ts';
import { FORWARDING, SERVICE_FLAG } from '../../wire/netlink/ipvs-numbers.ts';
import type { IpvsServiceRow } from '../../wire/netlink/ipvs-service.ts';

const TITLES = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;

export function formatProc(
  entries: readonly {
    readonly service: IpvsServiceRow;
    readonly destinations: ReadonlyMap<string, IpvsDestinationRow>;
  }[],
): string {
  const lines = entries.flatMap(({ service, destinations }) => [
    header(service),
    ...[...destinations.values()].map(row),
  ]);
  return `${TITLES}${lines.map((line) => `${line}\n`).join('')}`;
}

function header({ key, scheduler, flags, timeoutSeconds }: IpvsServiceRow): string {
  const where =
    key.kind === 'mark'
      ? `FWM  ${hex(key.mark, 8)}`
      : `${key.protocol.toUpperCase()}  ${endpoint(key.address, key.port)}`;
  const onePacket = (flags & SERVICE_FLAG.onePacket) !== 0 ? 'ops ' : '';
  const persistent =
    (flags & SERVICE_FLAG.persistent) !== 0 ? `persistent ${timeoutSeconds * 250} FFFFFFFF` : '';
  return `${where} ${scheduler} ${onePacket}${persistent}`;
}

function row({ address, port, forwarding, weight, active, inactive }: IpvsDestinationRow): string {
  const word = forwarding === FORWARDING.dr ? 'Route' : forwarding === FORWARDING.tunnel ? 'Tunnel' : 'Masq';
  const counts = `${String(active).padEnd(10)} ${String(inactive).padEnd(10)}`;
  return `  -> ${endpoint(address, port)}      ${word.padEnd(7)} ${String(weight).padEnd(6)} ${counts}`;
}

function endpoint(address: string, port: number): string {
  const bytes = Buffer.from(toBytes(address)).toString('hex');
  const text = bytes.length === 8 ? bytes.toUpperCase() : `[${bytes.match(/.{4}/g)!.join(':')}]`;
  return `${text}:${hex(port, 4)}`;
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0');
}

// IPVS rows as one line of text each: keys for maps and messages, and what `ipvsadm -Sn` would print.

import { bitsOf } from '../../lib/prefix.ts';
import { endpointKey, listenerKey, markKey } from '../../model/keys.ts';
import type { IpvsDestination } from '../../wire/netlink/ipvs-destination.ts';
import { FORWARDING, SERVICE_FLAG, TUNNEL_FLAG, TUNNEL_TYPE } from '../../wire/netlink/ipvs-numbers.ts';
import type { IpvsService, IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';

/** `tcp/192.0.2.10:80`, `mark/7/4` */
export function formatServiceKey(key: IpvsServiceKey): string {
  return key.kind === 'mark'
    ? markKey(key.mark, key.family)
    : listenerKey(key.protocol, key.address, key.port);
}

const OPTION_OF = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

export function formatService(service: IpvsService): string {
  const parts = [`-A ${serviceOption(service.key)} -s ${service.scheduler}`];
  if ((service.flags & SERVICE_FLAG.persistent) !== 0) {
    parts.push(`-p ${service.timeoutSeconds}`);
    if (service.granularity !== bitsOf(service.key.family)) parts.push(`-M ${service.granularity}`);
    if (service.engine !== '') parts.push(`--pe ${service.engine}`);
  }
  if ((service.flags & SERVICE_FLAG.onePacket) !== 0) parts.push('-o');
  const flags = [
    ...((service.flags & SERVICE_FLAG.fallback) !== 0 ? ['fallback'] : []),
    ...((service.flags & SERVICE_FLAG.port) !== 0 ? ['port'] : []),
  ];
  if (flags.length > 0) parts.push(`-b ${flags.join(',')}`);
  return parts.join(' ');
}

export function formatDestination(key: IpvsServiceKey, destination: IpvsDestination): string {
  const parts = [
    `-a ${serviceOption(key)} -r ${endpointKey(destination.address, destination.port)}`,
    forwardingOption(destination),
    `-w ${destination.weight}`,
  ];
  if (destination.upper !== 0) parts.push(`-x ${destination.upper} -y ${destination.lower}`);
  return parts.join(' ');
}

function serviceOption(key: IpvsServiceKey): string {
  if (key.kind === 'mark') return key.family === 6 ? `-f ${key.mark} -6` : `-f ${key.mark}`;
  return `${OPTION_OF[key.protocol]} ${endpointKey(key.address, key.port)}`;
}

function forwardingOption(destination: IpvsDestination): string {
  if (destination.forwarding === FORWARDING.dr) return '-g';
  if (destination.forwarding !== FORWARDING.tunnel) return '-m';
  if (destination.tunnelType === TUNNEL_TYPE.ipip) return '-i';
  const sum =
    destination.tunnelFlags === TUNNEL_FLAG.full
      ? '--tun-csum'
      : destination.tunnelFlags === TUNNEL_FLAG.remote
        ? '--tun-remcsum'
        : '--tun-nocsum';
  return destination.tunnelType === TUNNEL_TYPE.gue
    ? `-i --tun-type gue --tun-port ${destination.tunnelPort} ${sum}`
    : `-i --tun-type gre ${sum}`;
}

// Whether the addresses of a group stand on this machine, and taking them off when nobody looks after them any more.
import type { AddressPort, LinkPort } from '../../kernel/ports.ts';
import { canonicalIp } from '../../lib/ip.ts';
import { OpError } from '../../model/errors.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import type { VrrpAddress, VrrpInstance } from './keepalived-config.ts';

export type RoutePort = LinkPort & AddressPort;

/** `all`, `none`, or `some` of them. */
export type Presence = 'all' | 'some' | 'none';

export function presenceOf(instance: VrrpInstance, route: RoutePort): Presence {
  const there = rowsOf(instance, route).length;
  if (there === 0) return 'none';
  return there >= instance.addresses.length ? 'all' : 'some';
}

/** Takes every address of the instance off; tells how many there were. */
export function takeOff(instance: VrrpInstance, route: RoutePort): number {
  let gone = 0;
  for (const row of rowsOf(instance, route)) {
    try {
      route.removeAddress(row);
      gone++;
    } catch (error) {
      // Gone in the meantime: what was wanted.
      if (!(error instanceof OpError) || (error.op.errno !== 'EADDRNOTAVAIL' && error.op.errno !== 'ENODEV'))
        throw error;
    }
  }
  return gone;
}

function rowsOf(instance: VrrpInstance, route: RoutePort): readonly InterfaceAddress[] {
  const names = new Map(route.links().map((link) => [link.index, link.name]));
  return route
    .addresses()
    .filter((row) => instance.addresses.some((one) => isRowOf(row, one, instance, names.get(row.linkIndex))));
}

function isRowOf(
  row: InterfaceAddress,
  one: VrrpAddress,
  instance: VrrpInstance,
  device: string | undefined,
): boolean {
  if (canonicalIp(row.address) !== canonicalIp(one.address) || row.prefixLength !== one.prefixLength)
    return false;
  return device === one.interface || (instance.group.useVmac && device?.startsWith('vrrp') === true);
}

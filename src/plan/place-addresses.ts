// Which addresses this node should hold now: those we manage, of groups whose role here is active.
import type { Facts } from '../model/facts.ts';
import type { HaGroup } from '../model/ha.ts';
import type { Intent } from '../model/intent.ts';
import { addressKey } from '../model/keys.ts';
import type { Role } from '../model/protocol.ts';
import type { Vip } from '../model/vip.ts';
import type { WorldAddress } from '../model/world.ts';

/** Where nothing names an interface, the loopback: right for routed (anycast) addresses, harmless for others. */
const FALLBACK_INTERFACE = 'lo';

export function placeAddresses(intent: Intent, facts: Facts): readonly WorldAddress[] {
  const addresses: WorldAddress[] = [];
  for (const vip of intent.vips.values())
    if (vip.manage && roleOfVip(vip, intent, facts) === 'active') addresses.push(toWorldAddress(vip, intent));
  return addresses;
}

export function toWorldAddress(vip: Vip, intent: Intent): WorldAddress {
  const device =
    vip.interface ??
    intent.network.frontendInterface ??
    groupOfVip(vip, intent)?.interface ??
    FALLBACK_INTERFACE;
  return {
    key: addressKey(vip.address, vip.prefixLength, device),
    vip: vip.name,
    address: vip.address,
    prefixLength: vip.prefixLength,
    interface: device,
    ...(groupOfVip(vip, intent) === undefined ? {} : { carrier: 'ha' }),
  };
}

/** A VIP of no group is always active. A group nobody has decided about yet is standby, unless its role is fixed. */
export function roleOfVip(vip: Vip, intent: Intent, facts: Facts): Role {
  const group = groupOfVip(vip, intent);
  if (group === undefined) return 'active';
  const decided = facts.roles.get(group.name)?.role;
  if (decided !== undefined) return decided;
  return group.chooser === 'static' ? group.initialRole : 'standby';
}

export function groupOfVip(vip: Vip, intent: Intent): HaGroup | undefined {
  const groups = intent.ha?.groups ?? [];
  if (vip.group !== undefined) return groups.find((group) => group.name === vip.group);
  return (
    groups.find((group) => group.vips.includes(vip.name)) ?? (groups.length === 1 ? groups[0] : undefined)
  );
}

// Which VIPs go out by BGP now, and how attractive. Pure.
import type { HaGroup } from '../../model/ha.ts';
import type { Announcement } from '../../model/ha-status.ts';
import type { Intent } from '../../model/intent.ts';
import type { Role } from '../../model/protocol.ts';
import { groupOfVip, toWorldAddress } from '../../plan/place-addresses.ts';
import type { VrrpAddress } from '../vrrp/keepalived-config.ts';

export interface AnnounceFacts {
  readonly roles: ReadonlyMap<string, Role>;
  /** VIPs with a listener whose quorum holds. One that nobody spoke of is not announced. */
  readonly canServe: ReadonlySet<string>;
  readonly maintenance: boolean;
}

export function announcements(intent: Intent, facts: AnnounceFacts): readonly Announcement[] {
  const all: Announcement[] = [];
  for (const vip of intent.vips.values()) {
    if (!vip.advertise || !facts.canServe.has(vip.name)) continue;
    const group = groupOfVip(vip, intent);
    const as = announceAs(group, group === undefined ? 'active' : (facts.roles.get(group.name) ?? 'standby'));
    if (as !== undefined)
      all.push({ address: vip.address, as: facts.maintenance && group !== undefined ? 'drain' : as });
  }
  return all;
}

/** A standby that does not hold the address (VRRP and the like move it) must not draw traffic for it. */
function announceAs(group: HaGroup | undefined, role: Role): 'active' | 'standby' | undefined {
  if (role === 'active') return 'active';
  return role === 'standby' && isRouted(group) ? 'standby' : undefined;
}

/** Groups whose traffic follows routes: every node holds the addresses, and the routes say who is used. */
export function isRouted(group: HaGroup | undefined): boolean {
  return group?.chooser === 'bgp' || group?.chooser === 'bgp-ecmp';
}

export function advertisedVips(intent: Intent): readonly string[] {
  return [...intent.vips.values()].filter((vip) => vip.advertise).map((vip) => vip.address);
}

/** Addresses that move with the group; what somebody else manages is none of them. */
export function addressesOf(group: HaGroup, intent: Intent): readonly VrrpAddress[] {
  return group.vips.flatMap((name) => {
    const vip = intent.vips.get(name);
    return vip?.manage === true ? [toWorldAddress(vip, intent)] : [];
  });
}

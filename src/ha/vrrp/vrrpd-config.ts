// What FRR's vrrpd is told of our groups, and what it cannot do of what they ask. Pure.
import type { HaGroup } from '../../model/ha.ts';
import { type ConfigTree, node, type Ownership } from '../frr/config-tree.ts';
import type { VrrpGroupPlan } from './keepalived.ts';
import type { VrrpOrders } from './orders.ts';

/** vrrpd wants a macvlan with the virtual MAC of the protocol on the interface, one a family, that holds the addresses. */
export function macvlanName(group: HaGroup, family: 4 | 6): string {
  return `vrrp${family}-${group.vrid}`;
}

/** RFC 9568 section 7.3 */
export function virtualMac(group: HaGroup, family: 4 | 6): string {
  return `00:00:5e:00:0${family === 4 ? 1 : 2}:${group.vrid.toString(16).padStart(2, '0')}`;
}

/** `interfaces` that groups left are asked for too, so that what was told there is found and removed. */
export function vrrpdConfig(
  plans: readonly VrrpGroupPlan[],
  orders: ReadonlyMap<string, VrrpOrders>,
  left: readonly string[] = [],
): readonly ConfigTree[] {
  const interfaces = [...new Set([...plans.map(({ group }) => group.interface), ...left])];
  return interfaces.map((name) =>
    node(
      `interface ${name}`,
      plans
        .filter(({ group }) => group.interface === name)
        .flatMap((plan) => lines(plan, orders.get(plan.group.name))),
    ),
  );
}

/** Ids as `eth0 51`: those we ever told of, and those of the plans that stand. */
export function vrrpdOwnership(ourIds: ReadonlySet<string>, planned: ReadonlySet<string>): Ownership {
  return {
    owns: (path, line) => {
      const id = /^(?:no )?vrrp (\d+)/.exec(line)?.[1];
      const device = /^interface (\S+)$/.exec(path[0] ?? '')?.[1];
      if (id === undefined || device === undefined || !ourIds.has(`${device} ${id}`)) return false;
      // The bare line is the virtual router itself; FRR shows it where the version is the default.
      return !/^vrrp \d+( version \d)?$/.test(line) || !planned.has(`${device} ${id}`);
    },
  };
}

/** What the group asks for and vrrpd has not. */
export function vrrpdLacks(group: HaGroup): readonly string[] {
  const lacks = [
    ...(group.unicastPeers.length > 0 ? ['unicast peers'] : []),
    ...(group.auth !== undefined ? ['authentication'] : []),
    ...(group.syncGroup !== undefined ? ['sync groups'] : []),
    ...(group.preemptDelayMs > 0 ? ['a preempt delay'] : []),
    ...new Set(
      group.track
        .filter(({ kind }) => kind !== 'pool' && kind !== 'bfd')
        .map(({ kind }) => `tracking of a ${kind}`),
    ),
  ];
  return lacks.map(
    (one) =>
      `group "${group.name}": FRR's vrrpd has no ${one.replace(/^a preempt/, 'preempt')}; keepalived has`,
  );
}

function lines({ group, addresses }: VrrpGroupPlan, orders: VrrpOrders | undefined): string[] {
  const v = `vrrp ${group.vrid}`;
  const priority = Math.min(254, Math.max(1, group.priority + (orders?.weight ?? 0)));
  return [
    `${v} version ${group.vrrpVersion}`,
    `${v} priority ${priority}`,
    `${v} advertisement-interval ${group.advertMs}`,
    ...(group.preempt ? [] : [`no ${v} preempt`]),
    ...(orders?.fault === false ? [] : [`${v} shutdown`]),
    ...addresses.map(({ address }) => `${v} ${address.includes(':') ? 'ipv6' : 'ip'} ${address}`),
  ];
}

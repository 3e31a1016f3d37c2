// Kernel settings without which a listener's meaning would change. Each is set only while needed and put back afterwards.
import { type Item, item } from '../../model/item.ts';
import type { WorldListener } from '../../model/world.ts';

/** Name to wanted value, in a fixed order. */
export function neededSettings(listeners: readonly WorldListener[]): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  for (const listener of listeners) {
    // nftables rewrites the source of what IPVS has redirected only where IPVS leaves connection tracking on.
    if (listener.mode === 'onearm' || listener.mode === 'fullnat' || listener.limits.connections > 0)
      needed.set('net.ipv4.vs.conntrack', '1');
    // Otherwise persistent clients keep coming to a member of weight 0.
    if (listener.persistence !== undefined) needed.set('net.ipv4.vs.expire_quiescent_template', '1');
    // Otherwise flows of a removed member are dropped in silence until they time out.
    if (listener.onFailure === 'reset' || listener.members.some((member) => member.resetFlows))
      needed.set('net.ipv4.vs.expire_nodest_conn', '1');
  }
  return new Map([...needed].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function settingItem(name: string, value: string): Item {
  return item('setting', `setting ${name}`, { value });
}

/** `net.ipv4.vs.conntrack` of `setting net.ipv4.vs.conntrack` */
export function settingName(key: string): string {
  return key.slice('setting '.length);
}

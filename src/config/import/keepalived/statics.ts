// static_ipaddress: an address that stays on the machine is a VIP of ours only where a virtual server listens on it.
import { parseAddressLine } from './addresses.ts';
import type { Draft } from './draft.ts';
import { openScope, refuse, type Scope } from './scope.ts';
import type { Directive } from './tree.ts';

/** Makes VIPs of all of them before the virtual servers ask for theirs. */
export function claimStatics(draft: Draft, top: Scope, defaultInterface: string | undefined): void {
  for (const block of top.all('static_ipaddress')) {
    for (const item of openScope(draft.ledger, 'static_ipaddress', block).all('*')) {
      const parsed = parseAddressLine([item.name, ...item.args]);
      if (parsed === undefined) {
        refuse(draft.ledger, item, 'must be an IP address', item.raw);
      } else if (draft.vips.has(parsed.address)) {
        draft.ledger.mark(item, item.name, 'not carried', 'a vrrp_instance holds the address');
      } else {
        draft.statics.set(parsed.address, {
          name: '',
          address: parsed.address,
          prefixLength: parsed.prefixLength,
          device: parsed.device ?? defaultInterface,
          group: undefined,
          manage: true,
          origin: item,
        });
        if (parsed.rest.length > 0)
          draft.ledger.mark(item, item.name, 'changed', `${parsed.rest.join(' ')} is not carried`);
      }
    }
  }
}

/** Books those nobody listens on. */
export function addStatics(draft: Draft): void {
  for (const vip of draft.statics.values()) {
    const item = vip.origin as Directive;
    if (draft.vips.get(vip.address)?.origin !== item)
      draft.ledger.mark(
        item,
        item.name,
        'not carried',
        'no virtual server listens on it; keep it in the network setup',
      );
  }
}

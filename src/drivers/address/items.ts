// Addresses as items. Ours are told by the protocol mark (IFA_PROTO), on kernels before 5.18 by our record.
import { canonicalIp } from '../../lib/ip.ts';
import { type Item, type ItemMap, item, itemMap, type Observed } from '../../model/item.ts';
import { addressKey } from '../../model/keys.ts';
import type { World, WorldAddress } from '../../model/world.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import type { Link } from '../../wire/netlink/route-link.ts';
import { ADDRESS_FLAG, OUR_PROTOCOL } from '../../wire/netlink/route-numbers.ts';
import { misplacedOf } from './misplaced.ts';

export function desiredItems(world: World): ItemMap {
  return itemMap(world.addresses.filter((one) => one.carrier === undefined).map(wantedItem));
}

function wantedItem(wanted: WorldAddress): Item {
  return item('address', wanted.key, {
    address: wanted.address,
    prefix: wanted.prefixLength,
    interface: wanted.interface,
    ...sourceField(wanted.address, false),
    ...placeField(wanted.address, wanted.prefixLength, false),
  });
}

/** An address that shares a subnet may lead where it must not: see misplaced.ts. */
function placeField(address: string, prefix: number, misplaced: boolean): { readonly misplaced?: boolean } {
  return prefix === 32 || address.includes(':') ? {} : { misplaced };
}

/** Whether the kernel may start connections of its own from it: by its rules it would take an IPv6 VIP, never an IPv4 one. */
function sourceField(address: string, isSource: boolean): { readonly source?: boolean } {
  return address.includes(':') ? { source: isSource } : {};
}

export function toObserved(
  addresses: readonly InterfaceAddress[],
  links: readonly Link[],
  claims: ReadonlyMap<string, string>,
): Observed {
  const names = new Map(links.map((link) => [link.index, link.name]));
  const items = new Map<string, Item>();
  const foreign = new Map<string, Item>();
  const keepsMarks = addresses.some((address) => address.protocol !== 0);
  const keyOf = (address: InterfaceAddress): string =>
    addressKey(canonicalIp(address.address), address.prefixLength, names.get(address.linkIndex) ?? '');
  const isOurs = (address: InterfaceAddress): boolean =>
    address.protocol === OUR_PROTOCOL || (!keepsMarks && claims.has(keyOf(address)));
  const misplaced = misplacedOf(addresses, isOurs);
  for (const address of addresses) {
    const device = names.get(address.linkIndex);
    // The interface went away between the two dumps, and its addresses with it.
    if (device === undefined) continue;
    const key = keyOf(address);
    const one = item('address', key, {
      address: canonicalIp(address.address),
      prefix: address.prefixLength,
      interface: device,
      ...sourceField(address.address, address.preferredSeconds !== 0),
      ...placeField(address.address, address.prefixLength, misplaced.has(address)),
      ...((address.flags & ADDRESS_FLAG.dadFailed) === 0 ? {} : { state: 'duplicate' }),
    });
    (isOurs(address) ? items : foreign).set(key, one);
  }
  return { items, foreign };
}

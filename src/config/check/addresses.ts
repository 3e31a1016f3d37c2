// Virtual addresses: unicast, inside their prefix, on an interface, used, and each only once.
import { familyOf, toBytes } from '../../lib/ip.ts';
import { networkOf } from '../../lib/prefix.ts';
import { isLocal, specialKind } from '../../lib/special-address.ts';
import type { Vip } from '../../model/vip.ts';
import { below, type Origin } from '../report.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';

export function checkAddresses(context: CheckContext): void {
  const { intent, report, merged } = context;
  const byAddress = new Map<string, Vip>();
  const used = new Set<string>();
  for (const listener of intent.listeners.values()) for (const vip of listener.vips) used.add(vip);
  const groups = {
    noun: 'HA group',
    names: new Set(intent.ha?.groups.map((group) => group.name)),
    section: 'ha',
  } as const;
  for (const vip of intent.vips.values()) {
    const declared = () => context.at(vip).path[0] === 'vips';
    // A VIP made by an address in a listener stands where the listener says it.
    const address = () => context.at(vip, declared() ? 'address' : 'vip');
    const first = byAddress.get(vip.address);
    if (first !== undefined)
      report.add(
        'duplicate-address',
        address(),
        `The VIPs "${first.name}" and "${vip.name}" have one address`,
        {
          other: context.at(first, 'address'),
        },
      );
    else byAddress.set(vip.address, vip);
    checkKind(context, vip, address);
    if (
      vip.manage &&
      vip.interface === undefined &&
      intent.network.frontendInterface === undefined &&
      !merged.unreadableBlocks.has('network')
    )
      report.add('vip-without-interface', address(), `Nothing says which interface carries ${vip.address}`, {
        hint: 'Set "network: { frontend: { interface: eth0 } }"',
      });
    if (vip.group !== undefined) checkReference(context, below(context.at(vip), 'group'), vip.group, groups);
    if (
      !used.has(vip.name) &&
      declared() &&
      !merged.unreadableBlocks.has('listeners') &&
      merged.unreadable.listeners.size === 0
    )
      report.add('vip-unused', context.at(vip, 'name'), `No listener uses the VIP "${vip.name}"`);
  }
  merged.vips.forEach(({ doc, origin }) => {
    if (doc.advertise === true && intent.ha?.bgp === undefined && !merged.unreadableBlocks.has('ha'))
      report.add(
        'vip-advertise-without-bgp',
        below(origin, 'advertise'),
        `The VIP "${doc.name}" is to be announced and there is no ha.bgp`,
      );
  });
}

function checkKind(context: CheckContext, vip: Vip, origin: () => Origin): void {
  const { report } = context;
  const kind = specialKind(vip.address);
  if (kind !== undefined)
    report.add('vip-special-address', origin(), `A VIP must be a unicast address: ${vip.address} is ${kind}`);
  else if (isLocal(vip.address))
    report.add('vip-loopback', origin(), `Clients on other machines cannot reach ${vip.address}`);
  const family = familyOf(vip.address);
  if (family === 4 && vip.prefixLength < 31) {
    const prefix = { address: vip.address, length: vip.prefixLength, family } as const;
    if (networkOf(prefix) === vip.address)
      report.add(
        'vip-network-address',
        origin(),
        `${vip.address} is the network address of its own /${vip.prefixLength}`,
      );
    else if (isBroadcast(vip.address, vip.prefixLength))
      report.add(
        'vip-broadcast-address',
        origin(),
        `${vip.address} is the broadcast address of its own /${vip.prefixLength}`,
      );
  }
}

function isBroadcast(address: string, length: number): boolean {
  const number = toBytes(address).reduce((sum, byte) => sum * 256 + byte, 0);
  const hosts = 2 ** (32 - length);
  return number % hosts === hosts - 1;
}

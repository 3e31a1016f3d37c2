// What a real server is asked to be: it holds VIPs quietly, so that the balancer alone answers for them on the wire.
import { isLocal, specialKind } from '../../lib/special-address.ts';
import { InputError } from '../../model/errors.ts';
import type { TunnelType } from '../../model/protocol.ts';

/** How a machine brings its addresses back after a reboot. */
export const PERSISTENCE = ['networkd', 'networkmanager', 'ifupdown', 'unit', 'none'] as const;
export type Persistence = (typeof PERSISTENCE)[number];

export const ARP_WAYS = ['sysctl', 'nft'] as const;
export type ArpWay = (typeof ARP_WAYS)[number];

export interface RealServerRequest {
  /** Canonical addresses, each once. */
  readonly vips: readonly string[];
  readonly mode: 'dr' | 'tunnel';
  readonly tunnel: TunnelType;
  /** UDP port of GUE. */
  readonly tunnelPort: number;
  readonly arp: ArpWay;
  readonly persist: 'auto' | Persistence;
}

export interface InterfaceFact {
  readonly name: string;
  /** Addresses with prefix length, as the kernel has them. */
  readonly addresses: readonly string[];
}

export interface RealServerFacts {
  readonly interfaces: readonly InterfaceFact[];
  readonly systemd: boolean;
  readonly networkd: boolean;
  /** Version text, where NetworkManager runs. */
  readonly networkManager?: string;
  /** Runs here, and its main file reads /etc/network/interfaces.d. */
  readonly ifupdown: boolean;
}

/** NetworkManager knows connections of type loopback from 1.42 on. */
const NM_LOOPBACK = [1, 42] as const;

export function choosePersistence(
  asked: RealServerRequest['persist'],
  facts: RealServerFacts,
): { readonly way: Persistence; readonly why: string } {
  if (asked !== 'auto') return { way: asked, why: 'asked for' };
  if (facts.networkd) return { way: 'networkd', why: 'systemd-networkd configures this machine' };
  if (facts.networkManager !== undefined && isAtLeast(facts.networkManager, NM_LOOPBACK))
    return { way: 'networkmanager', why: `NetworkManager ${facts.networkManager} configures this machine` };
  if (facts.ifupdown) return { way: 'ifupdown', why: '/etc/network/interfaces configures this machine' };
  if (facts.systemd) return { way: 'unit', why: 'systemd runs, and no network manager that can do it' };
  return { way: 'none', why: 'nothing was found that could set it after a reboot' };
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** Throws for what cannot work on this machine whatever is set. */
export function requirePossible(request: RealServerRequest, facts: RealServerFacts): void {
  for (const vip of request.vips) {
    const kind = specialKind(vip) ?? (isLocal(vip) ? 'of this machine or link alone' : undefined);
    if (kind !== undefined)
      throw new InputError('USAGE', `Cannot hold "${vip}" as a VIP as it is ${kind}`, {
        hint: 'Name the address that clients ask for, as the balancer has it',
      });
    const holder = facts.interfaces.find(
      (one) => one.name !== 'lo' && one.addresses.some((address) => address.split('/')[0] === vip),
    );
    if (holder !== undefined)
      throw new InputError(
        'CONFLICT',
        `Cannot hide "${vip}" on lo as interface "${holder.name}" holds it and would answer for it`,
        { hint: `Remove it there first: ip address del ${vip} dev ${holder.name}` },
      );
  }
  if (request.mode === 'tunnel' && request.tunnel === 'gue' && request.vips.some((vip) => vip.includes(':')))
    throw new InputError(
      'USAGE',
      'Cannot receive IPv6 VIPs in a gue tunnel as the kernel unwraps IPv4 only',
      {
        hint: 'Use "--tunnel ipip" or "--tunnel gre" for IPv6 VIPs',
      },
    );
}

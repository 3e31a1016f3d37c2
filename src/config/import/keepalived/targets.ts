// What a virtual_server or a virtual_server_group listens on: addresses with ports, and firewall marks.
import { familyOf, isIp } from '../../../lib/ip.ts';
import { MOST_IN_RANGE, parseAddressRange } from './addresses.ts';
import type { Ledger } from './ledger.ts';
import { intOf, openScope, refuse } from './scope.ts';
import type { Directive } from './tree.ts';

/** One listener of ours: every address takes every port. */
export type ListenTarget =
  | {
      readonly kind: 'addresses';
      readonly family: 4 | 6;
      readonly addresses: readonly string[];
      /** 0 is every port. */
      readonly ports: readonly number[];
    }
  | { readonly kind: 'mark'; readonly mark: number; readonly family: 4 | 6 | undefined };

export function targetsOf(
  ledger: Ledger,
  server: Directive,
  groups: ReadonlyMap<string, Directive>,
): readonly ListenTarget[] {
  const [first = '', second] = server.args;
  if (first === 'fwmark') {
    const mark = intOf(ledger, server, 1, 0xffffffff, 1);
    return mark === undefined ? [] : [{ kind: 'mark', mark, family: undefined }];
  }
  if (first === 'group') {
    const group = groups.get(second ?? '');
    if (group !== undefined) return groupTargets(ledger, group);
    refuse(ledger, server, 'must name a virtual_server_group', second ?? '');
    return [];
  }
  if (!isIp(first)) {
    refuse(ledger, server, 'must be an IP address, "fwmark N" or "group NAME"', first);
    return [];
  }
  const port = second === undefined ? 0 : intOf(ledger, server, 0, 65535, 1);
  if (port === undefined) return [];
  const addresses = parseAddressRange(first)!;
  return [{ kind: 'addresses', family: familyOf(first)!, addresses, ports: [port] }];
}

// Together with the longest range this bounds what one group can make.
const MOST_ADDRESSES = 4096;

function groupTargets(ledger: Ledger, group: Directive): readonly ListenTarget[] {
  const portsOf = new Map<string, Set<number>>();
  const marks: ListenTarget[] = [];
  for (const entry of openScope(ledger, 'virtual_server_group', group).all('*')) {
    if (entry.name === 'fwmark') {
      const mark = intOf(ledger, entry, 1, 0xffffffff);
      const family = entry.args[1] === 'inet6' ? 6 : entry.args[1] === 'inet' ? 4 : undefined;
      if (mark !== undefined) marks.push({ kind: 'mark', mark, family });
      continue;
    }
    const range = portsOf.size < MOST_ADDRESSES ? parseAddressRange(entry.name) : undefined;
    const port = entry.args[0] === undefined ? 0 : intOf(ledger, entry, 0, 65535);
    if (range === undefined || portsOf.size + range.length > MOST_ADDRESSES) {
      refuse(ledger, entry, `must be an address or a range of at most ${MOST_IN_RANGE}`, entry.raw);
    } else if (port !== undefined) {
      for (const address of range) {
        const ports = portsOf.get(address) ?? new Set();
        portsOf.set(address, ports.add(port));
      }
    }
  }
  return [...joinByPorts(portsOf), ...marks];
}

/** Addresses of one family that take the same ports become one listener. */
function joinByPorts(portsOf: ReadonlyMap<string, ReadonlySet<number>>): readonly ListenTarget[] {
  const joined = new Map<string, { family: 4 | 6; addresses: string[]; ports: number[] }>();
  for (const [address, set] of portsOf) {
    const family = familyOf(address)!;
    const ports = [...set].sort((a, b) => a - b);
    const key = `${family} ${ports.join(' ')}`;
    const target = joined.get(key) ?? { family, addresses: [], ports };
    target.addresses.push(address);
    joined.set(key, target);
  }
  return [...joined.values()].map((target) => ({ kind: 'addresses', ...target }));
}

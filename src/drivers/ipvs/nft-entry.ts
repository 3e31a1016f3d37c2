// What one listener needs from nftables beside its IPVS service, and the text that stands for it in an item.
import { contains, formatPrefix, networkOf, type Prefix, parsePrefix } from '../../lib/prefix.ts';
import type { Transport } from '../../model/protocol.ts';

export type NftTarget =
  | {
      readonly kind: 'address';
      readonly family: 4 | 6;
      readonly protocol: Transport;
      readonly address: string;
      readonly portFrom: number;
      readonly portTo: number;
    }
  | { readonly kind: 'mark'; readonly family: 4 | 6; readonly mark: number };

export interface NftEntry {
  readonly target: NftTarget;
  /** Packets to the target get this mark, by which IPVS knows a range of ports. */
  readonly mark?: number;
  /** Source addresses of what goes to members; empty is the node's own address on the way out. */
  readonly sources?: readonly string[];
  /** Who may connect, as networks. */
  readonly allowed?: readonly string[];
  /** Concurrent connections over all members. */
  readonly maxConnections?: number;
}

/** True where the listener works without nftables. */
export function isEmptyEntry(entry: NftEntry): boolean {
  return (
    entry.mark === undefined &&
    entry.sources === undefined &&
    entry.allowed === undefined &&
    entry.maxConnections === undefined
  );
}

/**
 * Networks as nft keeps them: host bits cleared, what another one contains left out, sorted; so that what is read back
 * compares equal. Prefixes of the other family mean nothing to a listener of this one.
 */
export function canonicalNetworks(prefixes: readonly string[], family: 4 | 6): readonly string[] {
  const parsed = prefixes
    .map(parsePrefix)
    .filter((prefix): prefix is Prefix => prefix !== undefined && prefix.family === family)
    .map((prefix) => ({ ...prefix, address: networkOf(prefix) }))
    .sort((a, b) => a.length - b.length);
  const kept: Prefix[] = [];
  for (const prefix of parsed) if (!kept.some((wide) => contains(wide, prefix.address))) kept.push(prefix);
  return kept.map(formatPrefix).sort();
}

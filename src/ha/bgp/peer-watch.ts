// Sessions with BGP peers as FRR has them: their states for the status, and a word where one does not come up.
import type { BgpPeer } from '../../model/ha.ts';
import type { BgpPeerStatus } from '../frr/frr.ts';
import type { Troubles } from '../troubles.ts';

/** Looks without a session before it is told: coming up takes one or two. */
const PATIENCE = 2;
const UP = 'Established';

export class PeerWatch {
  readonly #troubles: Troubles;
  readonly #states = new Map<string, string>();
  readonly #downFor = new Map<string, number>();

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
  }

  /** By the name of the peer: `Established`, or how far it came (`Active`, `Connect`, `Idle`). */
  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#states);
  }

  /** After each look at FRR. */
  see(peers: readonly BgpPeer[], seen: readonly BgpPeerStatus[]): void {
    for (const name of [...this.#states.keys()])
      if (!peers.some((peer) => peer.name === name)) this.#forget(name);
    for (const peer of peers) {
      const state = seen.find((one) => one.peer === peer.address)?.state ?? 'Unknown';
      this.#states.set(peer.name, state);
      this.#judge(peer, state);
    }
  }

  #judge({ name, address, remoteAs, multihop }: BgpPeer, state: string): void {
    const downFor = state === UP ? 0 : (this.#downFor.get(name) ?? 0) + 1;
    this.#downFor.set(name, downFor);
    if (downFor === 0) this.#troubles.clear(`bgp ${name}`);
    if (downFor !== PATIENCE) return;
    const hops = multihop === 1 ? 'one hop away' : `up to ${multihop} hops away`;
    this.#troubles.tell(
      `bgp ${name}`,
      `no session with ${address} (${state}); it should be of AS ${remoteAs}, ${hops}, with the same password and TTL security`,
    );
  }

  #forget(name: string): void {
    this.#states.delete(name);
    this.#downFor.delete(name);
    this.#troubles.clear(`bgp ${name}`);
  }
}

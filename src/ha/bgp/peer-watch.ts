// Sessions with BGP peers as FRR has them: their states for the status, and a word where one does not come up, or does not last.
import type { BgpPeer } from '../../model/ha.ts';
import type { BgpPeerStatus } from '../frr/frr.ts';
import type { Troubles } from '../troubles.ts';

/** Looks without a session, or with one that ended since the look before, before it is told: coming up takes one or two. */
const PATIENCE = 2;
const UP = 'Established';

export class PeerWatch {
  readonly #troubles: Troubles;
  readonly #states = new Map<string, string>();
  readonly #downFor = new Map<string, number>();
  #lookedMs = Number.POSITIVE_INFINITY;

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
  }

  /** By the name of the peer: `Established`, or how far it came (`Active`, `Connect`, `Idle`). */
  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#states);
  }

  /** After each look at FRR, at a time of the monotonic clock. */
  see(peers: readonly BgpPeer[], seen: readonly BgpPeerStatus[], nowMs: number): void {
    for (const name of [...this.#states.keys()])
      if (!peers.some((peer) => peer.name === name)) this.#forget(name);
    const sinceMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    for (const peer of peers) {
      const row = seen.find((one) => one.peer === peer.address);
      const before = this.#states.get(peer.name);
      const state = row?.state ?? 'Unknown';
      this.#states.set(peer.name, state);
      if (state !== UP) this.#count(peer, state);
      else if ((row?.upMs ?? 0) >= sinceMs) this.#clear(peer.name);
      // A new one may last: the next look tells. One that was there already is another one now.
      else if (before === UP) this.#count(peer, 'it comes up, and does not last');
    }
  }

  #count({ name, address, remoteAs, multihop }: BgpPeer, how: string): void {
    const downFor = (this.#downFor.get(name) ?? 0) + 1;
    this.#downFor.set(name, downFor);
    if (downFor !== PATIENCE) return;
    const hops = multihop === 1 ? 'one hop away' : `up to ${multihop} hops away`;
    this.#troubles.tell(
      `bgp ${name}`,
      `no session with ${address} (${how}); it should be of AS ${remoteAs}, ${hops}, with the same password and TTL security`,
    );
  }

  #clear(name: string): void {
    this.#downFor.delete(name);
    this.#troubles.clear(`bgp ${name}`);
  }

  #forget(name: string): void {
    this.#states.delete(name);
    this.#clear(name);
  }
}

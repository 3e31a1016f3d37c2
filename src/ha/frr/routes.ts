// What FRR's bgpd and bfdd are told because of the roles, and what became of the sessions with the routers.
import type { Clock } from '../../lib/clock.ts';
import type { Intent } from '../../model/intent.ts';
import type { Role } from '../../model/protocol.ts';
import { advertisedVips, announcements } from '../announce/announcements.ts';
import { memberSessions, nodeSessions } from '../bfd/bfd-config.ts';
import { PeerWatch } from '../bgp/peer-watch.ts';
import type { NodeFacts } from '../node-facts.ts';
import type { Troubles } from '../troubles.ts';
import { type BgpPeerStatus, Frr, type FrrOptions } from './frr.ts';

export interface RoutesOptions
  extends Pick<FrrOptions, 'route' | 'neighbours' | 'onBfd' | 'onHeard' | 'onWatch' | 'onNote'> {
  readonly clock: Clock;
  /** Where the vty sockets are. */
  readonly dir: string;
  readonly facts: NodeFacts;
  readonly troubles: Troubles;
}

export class Routes {
  readonly #facts: NodeFacts;
  readonly #clock: Clock;
  readonly #frr: Frr;
  readonly #peers: PeerWatch;

  constructor(options: RoutesOptions) {
    const { clock, facts, troubles } = options;
    this.#clock = clock;
    this.#facts = facts;
    this.#peers = new PeerWatch(troubles);
    this.#frr = new Frr({
      ...options,
      onTrouble: (what, detail) => troubles.tell(what, detail),
      onWell: () => {
        for (const what of ['frr', 'bfdd']) troubles.clear(what);
      },
    });
  }

  get sent(): number {
    return this.#frr.sent;
  }

  get announced(): Frr['announced'] {
    return this.#frr.announced;
  }

  get peerStates(): PeerWatch['states'] {
    return this.#peers.states;
  }

  /** `withdraw`: nothing is announced any more. Resolves when FRR has been told, or refused. */
  tell(intent: Intent, roles: ReadonlyMap<string, Role>, withdraw = false): Promise<void> {
    const { ha } = intent;
    if (ha === undefined || (ha.bgp === undefined && ha.bfd.length === 0)) return Promise.resolve();
    const { maintenance, canServe, held } = this.#facts;
    const ofMembers = memberSessions(intent);
    return this.#frr.apply({
      ...(ha.bgp === undefined ? {} : { bgp: ha.bgp }),
      vips: advertisedVips(intent),
      announced: withdraw ? [] : announcements(intent, { roles, canServe, maintenance }),
      bfd: ha.bfd,
      watch: nodeSessions(intent),
      bfdHeld: new Set(held ? ha.bfd.flatMap(({ name }) => (ofMembers.has(name) ? [] : name)) : []),
    });
  }

  /** Somebody may have edited what FRR runs by hand, and sessions end without a word. */
  async compare(intent: Intent, roles: ReadonlyMap<string, Role>): Promise<void> {
    await this.tell(intent, roles);
    const peers = intent.ha?.bgp?.peers ?? [];
    let seen: readonly BgpPeerStatus[] = [];
    try {
      if (peers.length > 0) seen = await this.#frr.peers();
    } catch {
      // bgpd is away: that was told when it did not take what it should.
    }
    this.#peers.see(peers, seen, this.#clock.monotonicMs());
  }

  close(): void {
    this.#frr.close();
  }
}

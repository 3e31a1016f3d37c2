// A peer that does not hear us takes the addresses, and says so on the wire before bfdd knows: bfdd takes nothing of a peer that
// went down first. So the wire is listened to while the addresses are here.
import type { Ear, ProbeOptions } from '../../kernel/ports.ts';
import type { Clock } from '../../lib/clock.ts';
import type { BfdSession } from '../../model/ha.ts';
import type { Intent } from '../../model/intent.ts';
import { hasNeighbours, isUp, type Link, ownMacs } from '../../wire/netlink/route-link.ts';
import { addressesOf } from '../announce/announcements.ts';
import type { GroupKeeper } from '../group-keeper.ts';
import type { NodeFacts } from '../node-facts.ts';
import type { Troubles } from '../troubles.ts';
import { isSilent, type Wire } from './silence.ts';

export interface ClaimsOptions extends Wire {
  readonly clock: Clock;
  readonly facts: NodeFacts;
  readonly troubles: Troubles;
  /** A peer has our addresses and hears nothing of us: roles may be others. */
  onClaim(): void;
}

/** What came in waits in the kernel: a look reads it, so that the rest of a failover does not wait for us. */
const LOOK_MS = 20;
/** A neighbour answers within a millisecond. That it claims what we have is half of the evidence, so the wait is short. */
const QUESTIONS: ProbeOptions = { count: 3, waitMs: 25 };

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #asked = new Set<string>();
  #ears: Ear[] = [];
  #intent: Intent | undefined;
  #listensTo = '';
  #cancel: () => void = () => {};

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** To what the active groups carry that BFD decides about. Cheap where it is as before. */
  listen(keepers: readonly GroupKeeper[], intent: Intent): void {
    const carried = keepers
      .filter(({ group, fact }) => group.chooser === 'bfd' && fact.role === 'active')
      .flatMap(({ group }) => addressesOf(group, intent));
    if (carried.length === 0) {
      this.close();
      return;
    }
    const { route, troubles } = this.#options;
    this.#intent = intent;
    troubles.guard('claims of our addresses', () => {
      const wanted = route.links().flatMap((link) => {
        const own = carried.filter((one) => one.interface === link.name).map(({ address }) => address);
        return own.length > 0 && isUp(link) && hasNeighbours(link) ? [{ link, own }] : [];
      });
      // A link that was made anew has another number.
      const key = wanted.map(({ link, own }) => [link.index, ...own].join()).join(' ');
      if (key === this.#listensTo) return;
      this.close();
      for (const { link, own } of wanted) this.#open(link, own);
      this.#listensTo = key;
      if (this.#ears.length > 0) this.#again();
    });
  }

  close(): void {
    this.#cancel();
    for (const ear of this.#ears) ear.close();
    this.#ears = [];
    this.#listensTo = '';
  }

  #open(link: Link, own: readonly string[]): void {
    const { neighbours, route } = this.#options;
    const ear = neighbours?.listen(link, own, ownMacs(route.links()));
    if (ear !== undefined) this.#ears.push(ear);
  }

  #again(): void {
    this.#cancel = this.#options.clock.after(LOOK_MS, () => {
      const claimed = this.#ears.flatMap((ear) => ear.hear());
      if (claimed.length > 0 && this.#intent !== undefined)
        for (const session of this.#options.facts.latelySeen(this.#intent)) void this.#ask(session);
      this.#again();
    });
  }

  /** One that answers hears us: it takes over by a plan of both, or its session will tell. */
  async #ask({ name, peer }: BfdSession): Promise<void> {
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    const silent = await isSilent(peer, QUESTIONS, this.#options);
    this.#asked.delete(name);
    if (!silent || this.#ears.length === 0) return;
    this.#options.facts.setClaimed(name);
    this.#options.onClaim();
  }
}

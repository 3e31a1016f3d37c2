// A planned move: this node stands back, and waits until the others have what it carried.
import type { Clock } from '../lib/clock.ts';
import type { RoleChooser } from '../model/ha.ts';
import type { Intent } from '../model/intent.ts';
import type { GroupKeeper } from './group-keeper.ts';
import type { NodeFacts } from './node-facts.ts';

export interface HandoverOptions {
  readonly clock: Clock;
  readonly facts: NodeFacts;
  readonly groups: ReadonlyMap<string, GroupKeeper>;
  intent(): Intent | undefined;
  /** Resolves when everybody was told. */
  standBack(): Promise<void>;
}

/** Sessions that come up take turns of a second; two of them. */
const SEEN_MS = 2500;
const LOOK_MS = 5;
/** Nodes that see each other by sessions: where none is up nobody is there. */
const WATCHED: readonly RoleChooser[] = ['bfd', 'bgp', 'bgp-ecmp'];

export class Handover {
  readonly #options: HandoverOptions;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /**
   * Hands all groups over; resolves with those still here when the time is up. They stay away until maintenance ends. Where the
   * nodes watch each other and no other one is seen nothing changes: it could not take over. Where all are active there is nobody
   * to take over: the routers are asked to use the others.
   */
  async all(timeoutMs: number): Promise<readonly string[]> {
    const began = this.#options.clock.monotonicMs();
    const end = began + timeoutMs;
    // One that has just come back is seen within two seconds.
    const seenBy = Math.min(end, began + SEEN_MS);
    await this.#waitWhile(() => this.#isAlone(), seenBy);
    if (this.#isAlone()) return this.#active().map(({ name }) => name);
    await this.#options.standBack();
    const left = (): readonly string[] =>
      this.#active().flatMap(({ name, group }) => (group.chooser === 'bgp-ecmp' ? [] : name));
    await this.#waitWhile(() => left().length > 0, end);
    return left();
  }

  #isAlone(): boolean {
    const intent = this.#options.intent();
    if (intent === undefined) return false;
    const isWatched = this.#active().some(({ group }) => WATCHED.includes(group.chooser));
    const seen = this.#options.facts.peersSeen(intent);
    return isWatched && seen.kind === 'peers' && seen.alive !== 'some' && seen.alive !== 'none';
  }

  #active(): readonly GroupKeeper[] {
    return [...this.#options.groups.values()].filter(({ fact }) => fact.role === 'active');
  }

  async #waitWhile(holds: () => boolean, untilMs: number): Promise<void> {
    const { clock } = this.#options;
    while (holds() && clock.monotonicMs() < untilMs)
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

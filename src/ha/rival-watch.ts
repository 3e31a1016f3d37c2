// Finds somebody else who carries our addresses: by their adverts, by asking the wire, and by what peers say of themselves.
import type { NeighbourPort } from '../kernel/ports.ts';
import type { Clock } from '../lib/clock.ts';
import type { Intent } from '../model/intent.ts';
import { addressesOf, isRouted } from './announce/announcements.ts';
import { whoElseAnswers } from './announce/who-else.ts';
import type { HaEvent } from './events.ts';
import type { GroupKeeper } from './group-keeper.ts';
import { type Troubles, toText } from './troubles.ts';
import type { RoutePort } from './vrrp/presence.ts';
import type { HaWord } from './words.ts';

export interface RivalWatchOptions {
  readonly clock: Clock;
  /** The clock of groups: no jump moves it. */
  readonly steady: Clock;
  readonly route: RoutePort;
  readonly neighbours?: NeighbourPort;
  readonly troubles: Troubles;
  onEvent(event: HaEvent): void;
}

/** After a role moved or a session came or went both nodes may answer for a moment: that is no split brain. */
export const QUIET_MS = 2000;

/** What a peer that claims the same asks of this node. */
export type Clash = 'none' | 'stays' | 'gives-way';

interface Sight {
  readonly detail: string;
  readonly atMs: number;
  readonly untilMs: number;
}

export class RivalWatch {
  readonly #options: RivalWatchOptions;
  #adverts = 0;
  #changedMs = 0;
  /** Who else carries a group, as seen last. */
  readonly #seen = new Map<string, Sight>();

  constructor(options: RivalWatchOptions) {
    this.#options = options;
  }

  /** Adverts of a second master heard so far. */
  get adverts(): number {
    return this.#adverts;
  }

  /** What stands against this node alone carrying what it carries now. */
  troubles(keepers: readonly GroupKeeper[]): readonly string[] {
    return keepers.flatMap(({ name, fact, sinceMs }) => {
      const seen = this.#seen.get(name);
      if (fact.role !== 'active' || seen === undefined || seen.untilMs <= this.#now()) return [];
      // Of the time before its role moved: who was seen then took over, and has given back.
      if (seen.atMs < sinceMs) return [];
      return [`${name}: split brain: ${seen.detail}`];
    });
  }

  /** The nodes see each other again, or no more: what they answer for in this moment says nothing. */
  quieten(): void {
    this.#changedMs = this.#now();
  }

  /** True when this node stands back from now on, as the other one does not hear it. */
  hearAdvert(keeper: GroupKeeper): boolean {
    this.#adverts++;
    const { advertMs } = keeper.group;
    // Who gives way after a failover says so by a last advert.
    if (this.#isSettled(keeper))
      this.#tell(keeper, 'advert', 3 * advertMs, 'another node of lower priority is master too');
    return keeper.fact.role === 'active' && keeper.unheard.hear(this.#now(), advertMs);
  }

  /** Asks the wire: peers that cannot hear each other both hold the addresses. `validMs`: what is seen holds so long. */
  async ask(keepers: readonly GroupKeeper[], intent: Intent, validMs: number): Promise<void> {
    const { neighbours, route, troubles } = this.#options;
    if (neighbours === undefined) return;
    for (const keeper of keepers) {
      const first = addressesOf(keeper.group, intent)[0];
      const isDue = keeper.unheard.isDue(this.#now());
      if (first === undefined || isRouted(keeper.group)) continue;
      if (!isDue && (keeper.fact.role !== 'active' || !this.#isSettled(keeper))) continue;
      try {
        const owner = await whoElseAnswers(first, neighbours, route);
        if (owner === undefined) {
          this.#seen.delete(keeper.name);
          continue;
        }
        // It heard the question, so it may hear our adverts again.
        if (isDue) keeper.unheard.end();
        // Found while the role moves away is no rival: the peer is meant to have it by now.
        else if (keeper.fact.role === 'active')
          this.#tell(keeper, 'address', validMs, `${owner} answers for ${first.address} too`);
      } catch (error) {
        troubles.tell(`asking for ${first.address}`, toText(error));
      }
    }
  }

  /** Both say that they carry it: for a moment that is a take-over, for longer it is a split brain. */
  hearPeer(keeper: GroupKeeper, word: Extract<HaWord, { kind: 'peer' }>): Clash {
    const how = keeper.report({ ...word, untilMs: this.#now() + word.validMs });
    if (how === undefined) {
      this.#seen.delete(keeper.name);
      return 'none';
    }
    if (isRouted(keeper.group) || !this.#isSettled(keeper)) return 'stays';
    const detail = `${word.node} says it is active too, with epoch ${word.epoch}`;
    const atMs = this.#now();
    this.#seen.set(keeper.name, { detail, atMs, untilMs: atMs + word.validMs });
    if (keeper.isNewClash())
      this.#options.onEvent({
        kind: 'split-brain',
        atMs: this.#options.clock.nowMs(),
        group: keeper.name,
        how,
        detail,
      });
    return keeper.giveWay() ? 'gives-way' : 'stays';
  }

  #tell(keeper: GroupKeeper, how: 'advert' | 'address', forMs: number, detail: string): void {
    const seenMs = this.#now();
    const untilMs = seenMs + forMs;
    this.#seen.set(keeper.name, { detail, atMs: seenMs, untilMs });
    if (!keeper.seesRival({ how, untilMs })) return;
    const atMs = this.#options.clock.nowMs();
    this.#options.onEvent({ kind: 'split-brain', atMs, group: keeper.name, how, detail });
  }

  #isSettled({ sinceMs }: GroupKeeper): boolean {
    return this.#now() - Math.max(sinceMs, this.#changedMs) >= QUIET_MS;
  }

  #now(): number {
    return this.#options.steady.nowMs();
  }
}

// What this node knows of itself, whatever the group: readiness, faults, pools, the watch between the nodes.
import type { Clock } from '../lib/clock.ts';
import type { BfdSession, HaGroup } from '../model/ha.ts';
import type { Intent } from '../model/intent.ts';
import { nodeSessions } from './bfd/bfd-config.ts';
import type { NodeInputs } from './group-keeper.ts';
import type { Choice } from './roles/inputs.ts';
import type { HaWord } from './words.ts';

/** A session needs a second or two to come up; until then its silence says nothing of the peer. */
const FIRST_WORD_MS = 3500;
/** Of two that hear each other again, each may hear the other's old complaint until the session is up: twice a second's wait. */
const HANDSHAKE_MS = 2000;
/** A peer that claims our addresses and answers nobody: within this its session tells the same, or comes up. */
const CLAIM_MS = 4000;
/** Its session was up a moment ago: who claims the addresses now is that peer, and no stranger while it is dead. */
const LATELY_MS = 3000;

export class NodeFacts {
  readonly #clock: Clock;
  readonly #pools = new Map<string, boolean>();
  readonly #faults = new Map<string, string>();
  readonly #bfd = new Map<string, boolean>();
  readonly #heardSince = new Map<string, number>();
  readonly #downMs = new Map<string, number>();
  readonly #claimedMs = new Map<string, number>();
  readonly #serving = new Set<string>();
  #watchedSinceMs = Number.POSITIVE_INFINITY;
  #maintenance = false;
  #watchWorks: boolean | undefined;
  #held = true;
  readonly #everUp = new Set<string>();
  #peers: ReadonlyMap<string, string> = new Map();
  #applied = false;
  #synced = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get maintenance(): boolean {
    return this.#maintenance;
  }

  set maintenance(on: boolean) {
    this.#maintenance = on;
  }

  /** Whether bfdd answers; undefined until it was asked. Without it nothing is known of the sessions, and they come up anew. */
  set watchWorks(works: boolean) {
    if (works === this.#watchWorks) return;
    if (!works) this.#bfd.clear();
    else if (this.#watchWorks === false) this.#watchAnew();
    this.#watchWorks = works;
  }

  /** Sessions as configured from now on: what was known of others is forgotten, and new ones have time to come up. */
  watch(sessions: readonly BfdSession[]): void {
    const peers = new Map(sessions.map(({ name, peer }) => [name, peer]));
    for (const name of new Set([...this.#peers.keys(), ...peers.keys()])) {
      if (this.#peers.get(name) === peers.get(name)) continue;
      this.#bfd.delete(name);
      this.#heardSince.delete(name);
      this.#claimedMs.delete(name);
      this.#everUp.delete(name);
      if (peers.has(name)) this.#watchedSinceMs = this.#clock.monotonicMs();
    }
    this.#peers = peers;
  }

  /** Our side of the sessions between the nodes is held down. */
  get held(): boolean {
    return this.#held;
  }

  /**
   * A node that is not ready, or cannot serve, looks dead to its peer, so that the peer serves; one that is active already goes
   * on when it is not ready.
   */
  hold(intent: Intent, isActive: boolean): void {
    const ready = this.#applied && this.#isSynced(intent);
    const held = this.#maintenance || this.#isBroken(intent) || (!ready && !isActive);
    if (this.#held && !held) this.#watchAnew();
    this.#held = held;
  }

  get canServe(): ReadonlySet<string> {
    return this.#serving;
  }

  tell(word: HaWord): void {
    if (word.kind === 'ready') {
      this.#applied = word.applied;
      this.#synced = word.synced;
    } else if (word.kind === 'pool') this.#pools.set(word.pool, word.healthy);
    else if (word.kind === 'vip') {
      if (word.canServe) this.#serving.add(word.vip);
      else this.#serving.delete(word.vip);
    } else if (word.kind === 'fault') {
      if (word.message === undefined) this.#faults.delete(word.source);
      else this.#faults.set(word.source, word.message);
    }
  }

  /** True when it is news. */
  setBfd(session: string, up: boolean): boolean {
    if (this.#bfd.get(session) === up) return false;
    this.#bfd.set(session, up);
    // What the peer was heard to say was of the time before.
    this.#heardSince.delete(session);
    if (up) {
      this.#everUp.add(session);
      this.#claimedMs.delete(session);
    } else this.#downMs.set(session, this.#clock.monotonicMs());
    return true;
  }

  /** Peers that may carry our addresses without hearing us. */
  latelySeen(intent: Intent): readonly BfdSession[] {
    const sinceMs = this.#clock.monotonicMs() - LATELY_MS;
    return nodeSessions(intent).filter(({ name }) => {
      if (this.#bfd.get(name) === true) return true;
      return this.#everUp.has(name) && (this.#downMs.get(name) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
    });
  }

  /** A peer says that it has what we carry, and does not answer us. */
  setClaimed(session: string): void {
    this.#claimedMs.set(session, this.#clock.monotonicMs());
  }

  /** Whoever gives way now leaves addresses that a peer has already. */
  get claimed(): boolean {
    return [...this.#claimedMs.keys()].some((session) => this.#isClaimed(session));
  }

  /** A peer that we hear and that does not hear us, since when. True when roles may be others by it. */
  setHeard(session: string, sinceMs: number | undefined): boolean {
    if (sinceMs === undefined) return this.#heardSince.delete(session);
    this.#heardSince.set(session, sinceMs);
    return true;
  }

  peersSeen(intent: Intent): Choice {
    const sessions = nodeSessions(intent);
    if (sessions.length === 0) return { kind: 'peers', alive: 'none' };
    if (this.#held || this.#watchWorks === false) return { kind: 'peers', alive: 'unknown' };
    const states = sessions.map((one) => this.#bfd.get(one.name));
    if (sessions.some((one) => this.#isClaimed(one.name))) return { kind: 'peers', alive: 'deaf' };
    if (states.includes(true)) return { kind: 'peers', alive: 'some' };
    if (sessions.some((one) => this.#isDeaf(one.name, intent))) return { kind: 'peers', alive: 'deaf' };
    const waited = this.#clock.monotonicMs() - this.#watchedSinceMs > FIRST_WORD_MS;
    const lost = sessions.some((one) => this.#everUp.has(one.name));
    return { kind: 'peers', alive: lost || waited ? 'no' : 'unknown' };
  }

  inputsOf(group: HaGroup, intent: Intent | undefined): NodeInputs {
    const { faults, weight } = this.#judge(group);
    // The peer hears nothing of us either and takes over: two of us would carry it.
    if (group.chooser === 'bfd' && this.#watchWorks === false) faults.push('bfdd does not answer');
    return {
      node: intent?.node.name ?? '',
      preferred: intent?.node.role !== 'secondary',
      applied: this.#applied,
      synced: this.#isSynced(intent),
      maintenance: this.#maintenance,
      faults,
      weight,
    };
  }

  /** What keeps this node from serving, each with who says so. */
  get faults(): readonly string[] {
    return [...this.#faults].map(([source, message]) => `${source}: ${message}`);
  }

  status(): {
    maintenance: boolean;
    applied: boolean;
    synced: boolean;
    bfd: Readonly<Record<string, boolean>>;
  } {
    const bfd = Object.fromEntries(this.#bfd);
    return { maintenance: this.#maintenance, applied: this.#applied, synced: this.#synced, bfd };
  }

  #isClaimed(session: string): boolean {
    const claimedMs = this.#claimedMs.get(session);
    return claimedMs !== undefined && this.#clock.monotonicMs() - claimedMs < CLAIM_MS;
  }

  /** In doubt the preferred node would be active anyway, so the other one may believe it at once; it never does both. */
  #isDeaf(session: string, intent: Intent): boolean {
    const waitMs = intent.node.role === 'secondary' ? 0 : HANDSHAKE_MS;
    const sinceMs = this.#heardSince.get(session);
    return sinceMs !== undefined && this.#clock.monotonicMs() - sinceMs >= waitMs;
  }

  #judge(group: HaGroup): { readonly faults: string[]; readonly weight: number } {
    const faults = [...this.#faults.values()];
    let weight = 0;
    for (const track of group.track) {
      const well = this.#isWell(track.kind, track.target);
      if (well === undefined) continue;
      if (track.weight === 0 && !well) faults.push(`${track.kind} "${track.target}" is down`);
      if (track.weight < 0 && !well) weight += track.weight;
      if (track.weight > 0 && well) weight += track.weight;
    }
    return { faults, weight };
  }

  /** A session is of the node: while one group of it is well the peer must not take over all of them. */
  #isBroken(intent: Intent): boolean {
    const watched = (intent.ha?.groups ?? []).filter(({ chooser }) => chooser === 'bfd' || chooser === 'bgp');
    return watched.length > 0 && watched.every((group) => this.#judge(group).faults.length > 0);
  }

  #isSynced(intent: Intent | undefined): boolean {
    return this.#synced || intent?.ha?.sync.enabled !== true;
  }

  /** Undefined for what keepalived watches by itself. What nobody spoke of yet counts as well. */
  #isWell(kind: HaGroup['track'][number]['kind'], target: string): boolean | undefined {
    if (kind === 'pool') return this.#pools.get(target) !== false;
    if (kind === 'bfd') return this.#bfd.get(target) !== false;
    return undefined;
  }

  /** While we held our side of the sessions down they said nothing of the peers. */
  #watchAnew(): void {
    this.#watchedSinceMs = this.#clock.monotonicMs();
    this.#everUp.clear();
  }
}

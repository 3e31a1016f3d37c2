// High availability of this node: which role each group has here, and everything that is told to whom because of it.
import type { IpvsPort, NeighbourPort } from '../kernel/ports.ts';
import { type Clock, steady } from '../lib/clock.ts';
import type { RoleFact } from '../model/facts.ts';
import type { HaGroup } from '../model/ha.ts';
import type { HaStatus } from '../model/ha-status.ts';
import type { Intent } from '../model/intent.ts';
import type { Role } from '../model/protocol.ts';
import { isRouted } from './announce/announcements.ts';
import { GroupAddresses, WITHDRAW_MS } from './announce/group-addresses.ts';
import { Claims } from './bfd/claims.ts';
import type { EpochStore } from './epoch-store.ts';
import type { HaEvent } from './events.ts';
import { Routes } from './frr/routes.ts';
import { GroupKeeper, type NodeInputs } from './group-keeper.ts';
import { Handover } from './handover.ts';
import { NodeFacts } from './node-facts.ts';
import { QUIET_MS, RivalWatch } from './rival-watch.ts';
import { applyDaemons, wantedDaemons } from './sync/ipvs-sync.ts';
import { Troubles } from './troubles.ts';
import type { RoutePort } from './vrrp/presence.ts';
import { Vrrp } from './vrrp/vrrp.ts';
import type { HaWord } from './words.ts';

export interface HaOptions {
  readonly clock: Clock;
  readonly runDir: string;
  readonly route: RoutePort;
  readonly epochs: EpochStore;
  /** Tells neighbours of addresses that no VRRP program carries. */
  readonly neighbours?: NeighbourPort;
  /** Where the kernel has IPVS: its connection sync follows the roles. */
  readonly ipvs?: IpvsPort;
  /** The word on a BFD session that is not what it was: checks of members live by it too. */
  readonly onBfd?: (session: string, up: boolean) => void;
  /** Directory of FRR's vty sockets; `/var/run/frr` where absent. */
  readonly frrDir?: string;
  readonly keepalived?: string;
  /** The engine must look again: the fact is another. */
  onRole(group: string, fact: RoleFact): void;
  onEvent(event: HaEvent): void;
}

const TICK_MS = 1000;
/** Ticks between two looks for somebody else who answers for our addresses. */
const LOOK_EVERY = 3;
/** Ticks between two comparisons of what FRR runs with what it should. */
const COMPARE_EVERY = 5;

export class Ha {
  readonly #options: HaOptions;
  /** Of what is compared. Events carry the time that people see. */
  readonly #clock: Clock;
  readonly #groups = new Map<string, GroupKeeper>();
  readonly #facts: NodeFacts;
  readonly #vrrp: Vrrp;
  readonly #routes: Routes;
  readonly #addresses: GroupAddresses;
  readonly #rivals: RivalWatch;
  readonly #claims: Claims;
  readonly #handover: Handover;
  readonly #troubles: Troubles;
  readonly #pulsing = new Set<string>();
  #intent: Intent | undefined;
  #ticks = 0;
  #queue: Promise<void> = Promise.resolve();
  #cancelTick: () => void = () => {};
  #closed = false;

  constructor(options: HaOptions) {
    const { clock, route, neighbours, frrDir = '/var/run/frr' } = options;
    this.#options = options;
    this.#clock = steady(clock);
    this.#facts = new NodeFacts(clock);
    this.#troubles = new Troubles((what, detail) =>
      this.#emit({ kind: 'trouble', atMs: clock.nowMs(), what, detail }),
    );
    const wire = {
      clock,
      route,
      troubles: this.#troubles,
      ...(neighbours === undefined ? {} : { neighbours }),
    };
    this.#addresses = new GroupAddresses({ ...wire, facts: this.#facts });
    this.#claims = new Claims({ ...wire, facts: this.#facts, onClaim: () => this.#decideGroups() });
    this.#handover = new Handover({
      clock,
      facts: this.#facts,
      groups: this.#groups,
      intent: () => this.#intent,
      standBack: () => {
        this.setMaintenance(true);
        return this.#tellFrr();
      },
    });
    this.#rivals = new RivalWatch({ ...wire, steady: this.#clock, onEvent: (event) => this.#emit(event) });
    const onNote = (detail: string): void => this.#note(detail);
    this.#vrrp = new Vrrp({
      ...options,
      frrDir,
      onRole: (group, role, why) => this.#onVrrp(group, role, why),
      onRival: (group) => this.#onRival(group),
      onEnd: (program, why, addressesRemoved) =>
        this.#emit({ kind: 'program-ended', atMs: clock.nowMs(), program, why, addressesRemoved }),
      onNote,
    });
    this.#routes = new Routes({
      ...wire,
      dir: frrDir,
      facts: this.#facts,
      onBfd: (session, up) => this.#onBfd(session, up),
      onHeard: (session, sinceMs) => {
        if (this.#facts.setHeard(session, sinceMs)) this.#decideGroups();
      },
      onWatch: (works) => {
        this.#facts.watchWorks = works;
        this.#decideGroups();
      },
      onNote,
    });
  }

  /** Brings everything in line with the intent. One after another: a later intent waits for the earlier one. */
  setIntent(intent: Intent): Promise<void> {
    const done = this.#queue.then(() => this.#setIntent(intent));
    this.#queue = done.catch(() => {});
    return done;
  }

  /** What others found out. Never waits, never throws. */
  tell(word: HaWord): void {
    this.#facts.tell(word);
    if (word.kind === 'lease')
      this.#groups.get(word.group)?.choose({ ...word, untilMs: this.#now() + word.leaseMs });
    else if (word.kind === 'peer') this.#hearPeer(word);
    this.#decideAll();
  }

  /** Facts of every group, for FactsSource. */
  roles(): ReadonlyMap<string, RoleFact> {
    return new Map([...this.#groups].map(([name, keeper]) => [name, keeper.fact]));
  }

  /** An operator keeps this node back (or lets it come again). Addresses move without a gap where a peer is ready. */
  setMaintenance(on: boolean): void {
    this.#facts.maintenance = on;
    for (const keeper of this.#groups.values())
      if (on && keeper.group.chooser === 'vrrp' && !keeper.group.preempt) this.#pulse(keeper);
    this.#decideAll();
  }

  /** Resolves with the groups that nobody took. */
  handover({ timeoutMs = 5000 }: { readonly timeoutMs?: number } = {}): Promise<readonly string[]> {
    return this.#handover.all(timeoutMs);
  }

  status(): HaStatus {
    const { keepalivedPid, ...rest } = {
      ...this.#facts.status(),
      keepalivedPid: this.#vrrp.keepalivedPid,
      rivalAdverts: this.#rivals.adverts,
      frrCommands: this.#routes.sent,
      bgp: this.#routes.peerStates,
      announced: this.#routes.announced,
      groups: [...this.#groups.values()].map((keeper) => this.#statusOf(keeper)),
      troubles: [
        ...this.#facts.faults,
        ...this.#troubles.list,
        ...this.#vrrp.disagreements(),
        ...this.#rivals.troubles([...this.#groups.values()]),
      ],
    };
    return keepalivedPid === undefined ? rest : { ...rest, keepalivedPid };
  }

  /** Since when, by the clock that people see now. */
  #statusOf(keeper: GroupKeeper): HaStatus['groups'][number] {
    const status = keeper.status();
    return { ...status, sinceMs: Math.round(status.sinceMs + this.#options.clock.nowMs() - this.#now()) };
  }

  /** `leave`: programs, routes and addresses go on without us. `hand-over`: the peers take over first, then ours end. */
  async close(how: 'leave' | 'hand-over'): Promise<void> {
    await this.#queue;
    this.#cancelTick();
    if (how === 'hand-over') await this.#handAllOver();
    this.#closed = true;
    this.#vrrp.release();
    for (const keeper of this.#groups.values()) keeper.close();
    this.#addresses.close();
    this.#claims.close();
    this.#routes.close();
  }

  async #handAllOver(): Promise<void> {
    const { clock } = this.#options;
    await this.#handover.all(3000);
    await this.#vrrp.stop();
    const intent = this.#intent;
    if (intent === undefined) return;
    if (intent.ha?.bgp !== undefined) {
      await this.#tellFrr(true);
      await new Promise<void>((resolve) => clock.after(WITHDRAW_MS, resolve));
    }
    for (const { group } of this.#groups.values()) this.#addresses.drop(group, intent);
  }

  async #setIntent(intent: Intent): Promise<void> {
    const before = this.#intent;
    const groups = intent.ha?.groups ?? [];
    this.#intent = intent;
    this.#facts.watch(intent.ha?.bfd ?? []);
    for (const [name, keeper] of this.#groups) {
      const next = groups.find((group) => group.name === name);
      if (next?.chooser === keeper.group.chooser) continue;
      keeper.close();
      this.#groups.delete(name);
      // Whoever chooses from now on finds the node that carries them; VRRP programs bring addresses of their own.
      const stay = next !== undefined && next.chooser !== 'vrrp' && keeper.fact.role === 'active';
      if (before !== undefined && !stay) this.#addresses.drop(keeper.group, before);
    }
    const epochs = this.#options.epochs.load();
    for (const group of groups) {
      const known = this.#groups.get(group.name);
      if (known !== undefined) {
        known.group = group;
        known.forgive();
      } else this.#groups.set(group.name, this.#keeperOf(group, epochs.get(group.name) ?? 0, intent));
    }
    for (const detail of await this.#vrrp.apply(intent)) this.#note(detail);
    for (const keeper of this.#groups.values()) {
      if (before !== undefined) this.#addresses.dropRemoved(keeper, before, intent);
      if (keeper.fact.role === 'active') this.#carry(keeper);
    }
    this.#decideAll();
    // A node that begins as standby changes no role: its daemon listens from now on all the same.
    this.#syncConnections();
    await this.#tellFrr();
    this.#cancelTick();
    this.#tick();
  }

  #keeperOf(group: HaGroup, epoch: number, intent: Intent): GroupKeeper {
    const carried = this.#addresses.holds(group, intent);
    return new GroupKeeper(group, epoch, carried ? 'active' : 'standby', {
      clock: this.#clock,
      inputs: (keeper) => this.#inputsOf(keeper),
      onChange: (keeper, from, lastedMs) => this.#onChange(keeper, from, lastedMs),
    });
  }

  #inputsOf(keeper: GroupKeeper): NodeInputs {
    const spokenPriority = this.#vrrp.priorityOf(keeper.name);
    const inputs = this.#facts.inputsOf(keeper.group, this.#intent);
    return spokenPriority === undefined ? inputs : { ...inputs, spokenPriority };
  }

  #decideAll(): void {
    this.#decideGroups();
    void this.#tellFrr();
  }

  #decideGroups(): void {
    for (const keeper of this.#groups.values()) this.#decide(keeper);
  }

  #decide(keeper: GroupKeeper): void {
    if (this.#closed || this.#intent === undefined) return;
    const { chooser } = keeper.group;
    this.#facts.hold(this.#intent, this.#isWatchedActive());
    if (chooser === 'bfd' || chooser === 'bgp') keeper.choose(this.#facts.peersSeen(this.#intent));
    keeper.decide(this.#inputsOf(keeper));
    if (chooser === 'vrrp')
      this.#vrrp.setOrders(keeper.name, keeper.vrrpOrders(this.#pulsing.has(keeper.name)));
  }

  /** Long enough for a peer to take over; then we are there again as the last resort. */
  #pulse(keeper: GroupKeeper): void {
    this.#pulsing.add(keeper.name);
    this.#options.clock.after(Math.max(500, 4 * keeper.group.advertMs), () => {
      this.#pulsing.delete(keeper.name);
      this.#decide(keeper);
    });
  }

  #onVrrp(group: string, role: Role, why?: string): void {
    const keeper = this.#groups.get(group);
    if (keeper === undefined) return;
    keeper.choose({ kind: 'vrrp', role, ...(why === undefined ? {} : { why }) });
    this.#decide(keeper);
  }

  #onRival(group: string): void {
    const keeper = this.#groups.get(group);
    if (keeper !== undefined && this.#rivals.hearAdvert(keeper)) this.#decide(keeper);
  }

  #onBfd(session: string, up: boolean): void {
    if (!this.#facts.setBfd(session, up)) return;
    this.#options.onBfd?.(session, up);
    this.#rivals.quieten();
    for (const keeper of this.#groups.values()) {
      this.#decide(keeper);
      // Both carried it while they did not see each other: the neighbours must learn who does from now on.
      if (up && keeper.group.chooser === 'bfd' && keeper.fact.role === 'active') this.#carry(keeper);
    }
  }

  #onChange(keeper: GroupKeeper, from: Role, lastedMs: number): void {
    const { fact, detail, group } = keeper;
    // The first word on a routed group brings its addresses although the role stays standby.
    if (fact.role !== from || isRouted(group)) this.#carry(keeper);
    if (fact.role !== from) {
      this.#listen();
      this.#syncConnections();
      void this.#tellFrr();
    }
    this.#options.epochs.save(new Map([...this.#groups.values()].map((one) => [one.name, one.fact.epoch])));
    this.#options.onRole(group.name, fact);
    this.#emit({
      kind: 'role',
      atMs: this.#options.clock.nowMs(),
      group: group.name,
      from,
      fact,
      detail,
      lastedMs,
    });
  }

  #carry(keeper: GroupKeeper): void {
    if (this.#intent !== undefined) this.#addresses.carry(keeper, this.#intent);
  }

  #listen(): void {
    if (this.#intent !== undefined) this.#claims.listen([...this.#groups.values()], this.#intent);
  }

  #syncConnections(): void {
    const { ipvs } = this.#options;
    const sync = this.#intent?.ha?.sync;
    if (ipvs === undefined || sync === undefined) return;
    const roles = [...this.#groups.values()].map((one) => one.fact.role);
    this.#troubles.guard('connection sync', () => applyDaemons(ipvs, wantedDaemons(sync, roles)));
  }

  async #tellFrr(withdraw = false): Promise<void> {
    if (this.#intent !== undefined && !this.#closed)
      await this.#routes.tell(this.#intent, this.#roleNames(), withdraw);
  }

  #roleNames(): ReadonlyMap<string, Role> {
    return new Map([...this.#groups].map(([name, keeper]) => [name, keeper.fact.role]));
  }

  /** Once a second: what nobody tells of. */
  #tick(): void {
    const keepers = [...this.#groups.values()];
    if (this.#vrrp.putBack())
      this.#troubles.note('keepalived', 'somebody changed its configuration, which is put back');
    for (const keeper of keepers) this.#decide(keeper);
    this.#listen();
    if (this.#intent !== undefined) {
      if (this.#ticks % LOOK_EVERY === 0)
        void this.#rivals.ask(keepers, this.#intent, 3 * LOOK_EVERY * TICK_MS);
      const settled = keepers.filter(({ sinceMs }) => this.#now() - sinceMs > QUIET_MS);
      this.#addresses.clearStrays(settled, this.#intent);
    }
    this.#ticks++;
    if (this.#ticks % COMPARE_EVERY === 0 && this.#intent !== undefined && !this.#closed)
      void this.#routes.compare(this.#intent, this.#roleNames());
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #hearPeer(word: Extract<HaWord, { kind: 'peer' }>): void {
    const keeper = this.#groups.get(word.group);
    if (keeper === undefined) return;
    const clash = this.#rivals.hearPeer(keeper, word);
    this.#decide(keeper);
    if (clash !== 'stays' || keeper.fact.role !== 'active' || this.#intent === undefined) return;
    // The other one steps down by the same rule: the neighbours must come back to us.
    if (keeper.group.chooser === 'vrrp') this.#addresses.announce(keeper, this.#intent);
    else this.#addresses.carry(keeper, this.#intent);
  }

  /** Some group whose role the watch between the nodes decides is active here. */
  #isWatchedActive(): boolean {
    return [...this.#groups.values()].some(
      ({ group, fact }) => (group.chooser === 'bfd' || group.chooser === 'bgp') && fact.role === 'active',
    );
  }

  #note(detail: string): void {
    this.#emit({ kind: 'note', atMs: this.#options.clock.nowMs(), detail });
  }

  #emit(event: HaEvent): void {
    this.#options.onEvent(event);
  }

  #now(): number {
    return this.#clock.nowMs();
  }
}

// High availability of this node: which role each group has here, and everything that is told to whom because of it.
import type { IpvsPort, NeighbourPort } from '../kernel/ports.ts';
import type { Clock } from '../lib/clock.ts';
import type { RoleFact } from '../model/facts.ts';
import type { HaGroup } from '../model/ha.ts';
import type { HaStatus } from '../model/ha-status.ts';
import type { Intent } from '../model/intent.ts';
import type { Role } from '../model/protocol.ts';
import { addressesOf, advertisedVips, announcements, isRouted } from './announce/announcements.ts';
import { AddressCarrier } from './announce/carrier.ts';
import { Strays } from './announce/strays.ts';
import { whoElseAnswers } from './announce/who-else.ts';
import type { EpochStore } from './epoch-store.ts';
import type { HaEvent } from './events.ts';
import { Frr } from './frr/frr.ts';
import { GroupKeeper, type NodeInputs } from './group-keeper.ts';
import { NodeFacts } from './node-facts.ts';
import { applyDaemons, wantedDaemons } from './sync/ipvs-sync.ts';
import { Keepalived } from './vrrp/keepalived.ts';
import type { RoutePort } from './vrrp/presence.ts';
import { Vrrpd } from './vrrp/vrrpd.ts';
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
  /** Directory of FRR's vty sockets; `/var/run/frr` where absent. */
  readonly frrDir?: string;
  readonly keepalived?: string;
  /** The engine must look again: the fact is another. */
  onRole(group: string, fact: RoleFact): void;
  onEvent(event: HaEvent): void;
}

/** How long an address stays after its role was given up to a node that is there: it takes over meanwhile. */
const OVERLAP_MS = 300;
/** After a role moved or a session came or went both nodes may answer for a moment: that is no split brain. */
const QUIET_MS = 2000;
/** Routers need this long to forget a route that was withdrawn before what it led to may go. */
const WITHDRAW_MS = 1000;
const TICK_MS = 1000;
/** Ticks between two looks for somebody else who answers for our addresses. */
const LOOK_EVERY = 3;
/** Ticks between two comparisons of what FRR runs with what it should. */
const COMPARE_EVERY = 5;

export class Ha {
  readonly #options: HaOptions;
  readonly #groups = new Map<string, GroupKeeper>();
  readonly #facts: NodeFacts;
  readonly #keepalived: Keepalived;
  readonly #vrrpd: Vrrpd;
  readonly #frr: Frr;
  readonly #carrier: AddressCarrier;
  readonly #strays: Strays;
  readonly #drops = new Map<string, () => void>();
  readonly #troubles = new Map<string, string>();
  readonly #pulsing = new Set<string>();
  #intent: Intent | undefined;
  #hasPrograms = false;
  #rivals = 0;
  #watchChangedMs = 0;
  #ticks = 0;
  #queue: Promise<void> = Promise.resolve();
  #cancelTick: () => void = () => {};
  #closed = false;

  constructor(options: HaOptions) {
    const { clock, route, neighbours, runDir, keepalived, frrDir } = options;
    this.#options = options;
    this.#facts = new NodeFacts(clock);
    this.#carrier = new AddressCarrier({ clock, route, ...(neighbours === undefined ? {} : { neighbours }) });
    this.#strays = new Strays(route);
    this.#keepalived = new Keepalived({
      runDir,
      routerId: 'lbctl',
      route,
      clock,
      ...(keepalived === undefined ? {} : { binary: keepalived }),
      onRole: (group, role) => this.#onVrrp(group, role),
      onRival: (group) => this.#onRival(group),
      onDeath: (why, addressesRemoved) =>
        this.#emit({
          kind: 'program-ended',
          atMs: clock.nowMs(),
          program: 'keepalived',
          why,
          addressesRemoved,
        }),
    });
    this.#vrrpd = new Vrrpd({
      dir: frrDir ?? '/var/run/frr',
      route,
      clock,
      onRole: (group, role) => this.#onVrrp(group, role),
      onDeath: (why) =>
        this.#emit({
          kind: 'program-ended',
          atMs: clock.nowMs(),
          program: 'vrrpd',
          why,
          addressesRemoved: 0,
        }),
    });
    this.#frr = new Frr({
      dir: frrDir ?? '/var/run/frr',
      clock,
      onBfd: (session, up) => this.#onBfd(session, up),
      onTrouble: (what, detail) => this.#onTrouble(what, detail),
      onWell: () => {
        for (const what of ['frr', 'bfdd']) this.#troubles.delete(what);
      },
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

  /** Hands all groups over; resolves with those still here when the time is up. They stay away until maintenance ends. */
  async handover(options: { readonly timeoutMs?: number } = {}): Promise<readonly string[]> {
    const { clock } = this.#options;
    this.setMaintenance(true);
    const end = clock.monotonicMs() + (options.timeoutMs ?? 5000);
    while (this.#activeGroups().length > 0 && clock.monotonicMs() < end)
      await new Promise<void>((resolve) => clock.after(5, resolve));
    return this.#activeGroups();
  }

  status(): HaStatus {
    const { keepalivedPid, ...rest } = {
      ...this.#facts.status(),
      keepalivedPid: this.#keepalived.pid,
      rivalAdverts: this.#rivals,
      frrCommands: this.#frr.sent,
      groups: [...this.#groups.values()].map((keeper) => keeper.status()),
      troubles: [...this.#facts.faults, ...this.#troubles.values(), ...this.#keepalived.disagreements()],
    };
    return keepalivedPid === undefined ? rest : { ...rest, keepalivedPid };
  }

  /** `leave`: programs, routes and addresses go on without us. `hand-over`: the peers take over first, then ours end. */
  async close(how: 'leave' | 'hand-over'): Promise<void> {
    await this.#queue;
    this.#cancelTick();
    if (how === 'hand-over') await this.#handAllOver();
    this.#closed = true;
    if (how === 'leave') this.#keepalived.release();
    this.#vrrpd.release();
    for (const cancel of this.#drops.values()) cancel();
    for (const keeper of this.#groups.values()) keeper.close();
    this.#carrier.close();
    this.#frr.close();
  }

  async #handAllOver(): Promise<void> {
    const { clock } = this.#options;
    await this.handover({ timeoutMs: 3000 });
    await this.#keepalived.stop();
    await this.#vrrpd.stop();
    const intent = this.#intent;
    if (intent === undefined) return;
    if (intent.ha?.bgp !== undefined) {
      await this.#tellFrr(true);
      await new Promise<void>((resolve) => clock.after(WITHDRAW_MS, resolve));
    }
    for (const { group } of this.#groups.values())
      if (group.chooser !== 'vrrp') this.#carrier.drop(addressesOf(group, intent));
  }

  async #setIntent(intent: Intent): Promise<void> {
    const before = this.#intent;
    const groups = intent.ha?.groups ?? [];
    this.#intent = intent;
    for (const [name, keeper] of this.#groups)
      if (!groups.some((group) => group.name === name && group.chooser === keeper.group.chooser)) {
        keeper.close();
        this.#groups.delete(name);
        if (before !== undefined) this.#carrier.drop(addressesOf(keeper.group, before));
      }
    const epochs = this.#options.epochs.load();
    for (const group of groups) {
      const known = this.#groups.get(group.name);
      if (known !== undefined) known.group = group;
      else this.#groups.set(group.name, this.#keeperOf(group, epochs.get(group.name) ?? 0, intent));
    }
    for (const detail of await this.#applyVrrp(intent))
      this.#emit({ kind: 'note', atMs: this.#now(), detail });
    this.#hasPrograms = true;
    for (const keeper of this.#groups.values()) {
      if (before !== undefined) this.#dropRemoved(keeper, before, intent);
      if (keeper.fact.role === 'active') this.#carry(keeper);
    }
    this.#decideAll();
    // A node that begins as standby changes no role: its daemon listens from now on all the same.
    this.#syncConnections();
    await this.#tellFrr();
    this.#cancelTick();
    this.#tick();
  }

  /** One program speaks VRRP; the other one lets its groups go when the provider changes. */
  async #applyVrrp(intent: Intent): Promise<readonly string[]> {
    const { provider, groups } = intent.ha ?? { provider: 'none', groups: [] };
    const plans = groups
      .filter((group) => group.chooser === 'vrrp')
      .map((group) => ({ group, addresses: addressesOf(group, intent) }));
    const of = (name: 'keepalived' | 'frr'): typeof plans => (provider === name ? plans : []);
    return [...(await this.#keepalived.apply(of('keepalived'))), ...(await this.#vrrpd.apply(of('frr')))];
  }

  #keeperOf(group: HaGroup, epoch: number, intent: Intent): GroupKeeper {
    const carried =
      group.chooser !== 'vrrp' && !isRouted(group) && this.#carrier.holds(addressesOf(group, intent));
    return new GroupKeeper(group, epoch, carried ? 'active' : 'standby', {
      clock: this.#options.clock,
      inputs: (keeper) => this.#inputsOf(keeper),
      onChange: (keeper, from, lastedMs) => this.#onChange(keeper, from, lastedMs),
    });
  }

  #inputsOf(keeper: GroupKeeper): NodeInputs {
    return this.#facts.inputsOf(keeper.group, this.#intent);
  }

  #decideAll(): void {
    for (const keeper of this.#groups.values()) this.#decide(keeper);
    void this.#tellFrr();
  }

  #decide(keeper: GroupKeeper): void {
    if (this.#closed || this.#intent === undefined) return;
    const { chooser } = keeper.group;
    this.#facts.hold(this.#intent, this.#isWatchedActive());
    if (chooser === 'bfd' || chooser === 'bgp') keeper.choose(this.#facts.peersSeen(this.#intent));
    keeper.decide(this.#inputsOf(keeper));
    // Before a program that an earlier life of ours left was found, nobody knows whether it is active: it goes on as it is.
    if (chooser !== 'vrrp' || !this.#hasPrograms) return;
    const orders = keeper.vrrpOrders(this.#pulsing.has(keeper.name));
    if (this.#intent.ha?.provider === 'frr') {
      this.#vrrpd.setOrders(keeper.name, orders);
      return;
    }
    // One thing at a time: who lets go needs no other priority.
    if (!orders.fault) this.#keepalived.setWeight(keeper.name, orders.weight);
    this.#keepalived.setFault(keeper.name, orders.fault);
  }

  /** Long enough for a peer to take over; then we are there again as the last resort. */
  #pulse(keeper: GroupKeeper): void {
    this.#pulsing.add(keeper.name);
    this.#options.clock.after(Math.max(500, 4 * keeper.group.advertMs), () => {
      this.#pulsing.delete(keeper.name);
      this.#decide(keeper);
    });
  }

  #onVrrp(group: string, role: Role): void {
    const keeper = this.#groups.get(group);
    if (keeper === undefined) return;
    keeper.choose({ kind: 'vrrp', role });
    this.#decide(keeper);
  }

  #onBfd(session: string, up: boolean): void {
    if (!this.#facts.setBfd(session, up)) return;
    this.#watchChangedMs = this.#now();
    for (const keeper of this.#groups.values()) {
      this.#decide(keeper);
      // Both carried it while they did not see each other: the neighbours must learn who does from now on.
      if (up && keeper.group.chooser === 'bfd' && keeper.fact.role === 'active') this.#carry(keeper);
    }
  }

  #onRival(group: string): void {
    this.#rivals++;
    const keeper = this.#groups.get(group);
    if (keeper === undefined) return;
    const detail = 'another node of lower priority is master too; it does not hear us';
    this.#tellRival(keeper, 'advert', 3 * keeper.group.advertMs, detail);
  }

  #onChange(keeper: GroupKeeper, from: Role, lastedMs: number): void {
    const { fact, detail, group } = keeper;
    // The first word on a routed group brings its addresses although the role stays standby.
    if (fact.role !== from || isRouted(group)) this.#carry(keeper);
    if (fact.role !== from) {
      this.#syncConnections();
      void this.#tellFrr();
    }
    this.#options.epochs.save(new Map([...this.#groups.values()].map((one) => [one.name, one.fact.epoch])));
    this.#options.onRole(group.name, fact);
    this.#emit({ kind: 'role', atMs: this.#now(), group: group.name, from, fact, detail, lastedMs });
  }

  /** Routed groups hold their addresses as standby too: traffic comes when routes say so, before anybody tells us. */
  #carry(keeper: GroupKeeper): void {
    const intent = this.#intent;
    if (intent === undefined || keeper.group.chooser === 'vrrp') return;
    const { fact, group } = keeper;
    const addresses = addressesOf(group, intent);
    this.#drops.get(group.name)?.();
    this.#drops.delete(group.name);
    const routed = isRouted(group);
    if (fact.role === 'active' || (routed && fact.role === 'standby' && fact.reason !== 'NotReady')) {
      this.#guarded(`addresses of ${group.name}`, () => this.#carrier.put(addresses, group.garpCount));
      return;
    }
    if (fact.reason === 'NotReady') return;
    const waitMs = routed ? WITHDRAW_MS : fact.role === 'standby' ? OVERLAP_MS : 0;
    const drop = (): void => this.#guarded(`addresses of ${group.name}`, () => this.#carrier.drop(addresses));
    if (waitMs === 0) drop();
    else
      this.#drops.set(
        group.name,
        this.#options.clock.after(waitMs, () => {
          this.#drops.delete(group.name);
          drop();
        }),
      );
  }

  /** VIPs that left the group; keepalived does so by itself for its own. */
  #dropRemoved(keeper: GroupKeeper, before: Intent, now: Intent): void {
    if (keeper.group.chooser === 'vrrp') return;
    const earlier = before.ha?.groups.find((group) => group.name === keeper.name);
    const stay = new Set(addressesOf(keeper.group, now).map((one) => one.address));
    const gone =
      earlier === undefined ? [] : addressesOf(earlier, before).filter((one) => !stay.has(one.address));
    this.#guarded(`addresses of ${keeper.name}`, () => this.#carrier.drop(gone));
  }

  #syncConnections(): void {
    const { ipvs } = this.#options;
    const sync = this.#intent?.ha?.sync;
    if (ipvs === undefined || sync === undefined) return;
    const roles = [...this.#groups.values()].map((one) => one.fact.role);
    this.#guarded('connection sync', () => applyDaemons(ipvs, wantedDaemons(sync, roles)));
  }

  #tellFrr(withdraw = false): Promise<void> {
    const intent = this.#intent;
    const ha = intent?.ha;
    if (intent === undefined || ha === undefined || this.#closed) return Promise.resolve();
    if (ha.bgp === undefined && ha.bfd.length === 0) return Promise.resolve();
    const roles = new Map([...this.#groups].map(([name, keeper]) => [name, keeper.fact.role]));
    const { maintenance, canServe } = this.#facts;
    return this.#frr.apply({
      ...(ha.bgp === undefined ? {} : { bgp: ha.bgp }),
      vips: advertisedVips(intent),
      announced: withdraw ? [] : announcements(intent, { roles, canServe, maintenance }),
      bfd: ha.bfd,
      bfdHeld: this.#facts.held,
    });
  }

  /** Once a second: what nobody tells of. */
  #tick(): void {
    for (const keeper of this.#groups.values()) this.#decide(keeper);
    if (this.#ticks++ % LOOK_EVERY === 0) void this.#lookForRivals();
    this.#clearStrays();
    // Somebody may have edited what FRR runs by hand.
    if (this.#ticks % COMPARE_EVERY === 0) void this.#tellFrr();
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #clearStrays(): void {
    const intent = this.#intent;
    if (intent === undefined) return;
    const away = [...this.#groups.values()].filter(
      ({ fact, group, name, sinceMs }) =>
        fact.role !== 'active' &&
        fact.reason !== 'NotReady' &&
        !isRouted(group) &&
        !this.#drops.has(name) &&
        this.#now() - sinceMs > QUIET_MS,
    );
    this.#guarded('addresses of others', () => {
      const groups = away.map(({ name, group }) => ({ name, addresses: addressesOf(group, intent) }));
      for (const { group, address } of this.#strays.clear(groups)) {
        const detail = `it stood on this node although group ${group} is not active here; it was taken off`;
        this.#emit({ kind: 'trouble', atMs: this.#now(), what: `address ${address}`, detail });
      }
    });
  }

  /** Asks the wire whether somebody else answers for our addresses: peers that cannot hear each other both hold them. */
  async #lookForRivals(): Promise<void> {
    const { neighbours, route } = this.#options;
    const intent = this.#intent;
    if (neighbours === undefined || intent === undefined) return;
    for (const keeper of [...this.#groups.values()]) {
      const [first] = addressesOf(keeper.group, intent).filter((one) => !one.address.includes(':'));
      if (first === undefined || keeper.fact.role !== 'active' || isRouted(keeper.group)) continue;
      if (this.#now() - Math.max(keeper.sinceMs, this.#watchChangedMs) < QUIET_MS) continue;
      try {
        const owner = await whoElseAnswers(first, neighbours, route);
        // Found while the role moves away is no rival: the peer is meant to have it by now.
        if (owner === undefined || keeper.fact.role !== 'active') continue;
        this.#tellRival(
          keeper,
          'address',
          3 * LOOK_EVERY * TICK_MS,
          `${owner} answers for ${first.address} too`,
        );
      } catch (error) {
        this.#onTrouble(
          `asking for ${first.address}`,
          error instanceof Error ? error.message : String(error),
        );
      }
    }
  }

  /** Both say that they carry it: for a moment that is a take-over, for longer it is a split brain. */
  #hearPeer(word: Extract<HaWord, { kind: 'peer' }>): void {
    const keeper = this.#groups.get(word.group);
    if (keeper === undefined) return;
    const clash = keeper.report({ ...word, untilMs: this.#now() + word.validMs });
    this.#decide(keeper);
    // The other one steps down by the same rule: the neighbours must come back to us.
    if (clash !== undefined && keeper.fact.role === 'active') this.#carry(keeper);
    const settledMs = this.#now() - Math.max(keeper.sinceMs, this.#watchChangedMs);
    if (clash === undefined || isRouted(keeper.group) || settledMs < QUIET_MS) return;
    if (!keeper.isNewClash()) return;
    const detail = `${word.node} says it is active too, with epoch ${word.epoch}`;
    this.#emit({ kind: 'split-brain', atMs: this.#now(), group: keeper.name, how: clash, detail });
  }

  #tellRival(keeper: GroupKeeper, how: 'advert' | 'address', forMs: number, detail: string): void {
    if (!keeper.seesRival({ how, untilMs: this.#now() + forMs })) return;
    this.#emit({ kind: 'split-brain', atMs: this.#now(), group: keeper.name, how, detail });
  }

  #guarded(what: string, act: () => void): void {
    try {
      act();
      this.#troubles.delete(what);
    } catch (error) {
      this.#onTrouble(what, error instanceof Error ? error.message : String(error));
    }
  }

  #onTrouble(what: string, detail: string): void {
    this.#troubles.set(what, `${what}: ${detail}`);
    this.#emit({ kind: 'trouble', atMs: this.#now(), what, detail });
  }

  /** Some group whose role the watch between the nodes decides is active here. */
  #isWatchedActive(): boolean {
    return [...this.#groups.values()].some(
      ({ group, fact }) => (group.chooser === 'bfd' || group.chooser === 'bgp') && fact.role === 'active',
    );
  }

  #activeGroups(): readonly string[] {
    return [...this.#groups.values()].filter((one) => one.fact.role === 'active').map((one) => one.name);
  }

  #emit(event: HaEvent): void {
    this.#options.onEvent(event);
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }
}

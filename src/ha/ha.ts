// High availability of this node: which role each group has here, and everything that is told to whom because of it.
import type { Clock } from '../lib/clock.ts';
import type { RoleFact } from '../model/facts.ts';
import type { HaGroup } from '../model/ha.ts';
import type { Intent } from '../model/intent.ts';
import type { Role } from '../model/protocol.ts';
import { toWorldAddress } from '../plan/place-addresses.ts';
import type { EpochStore } from './epoch-store.ts';
import type { HaEvent } from './events.ts';
import { GroupKeeper } from './group-keeper.ts';
import type { HaStatus } from './status.ts';
import { Keepalived, type VrrpGroupPlan } from './vrrp/keepalived.ts';
import { LAST_RESORT } from './vrrp/orders.ts';
import type { RoutePort } from './vrrp/presence.ts';
import type { HaWord } from './words.ts';

export interface HaOptions {
  readonly clock: Clock;
  readonly runDir: string;
  readonly route: RoutePort;
  readonly epochs: EpochStore;
  readonly keepalived?: string;
  /** The engine must look again: the fact is another. */
  onRole(group: string, fact: RoleFact): void;
  onEvent(event: HaEvent): void;
}

export class Ha {
  readonly #options: HaOptions;
  readonly #groups = new Map<string, GroupKeeper>();
  readonly #pools = new Map<string, boolean>();
  readonly #faults = new Map<string, string>();
  readonly #keepalived: Keepalived;
  #intent: Intent | undefined;
  #applied = false;
  #synced = false;
  #maintenance = false;
  #rivals = 0;
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: HaOptions) {
    this.#options = options;
    this.#keepalived = new Keepalived({
      runDir: options.runDir,
      routerId: 'lbctl',
      route: options.route,
      clock: options.clock,
      ...(options.keepalived === undefined ? {} : { binary: options.keepalived }),
      onRole: (group, role) => this.#onVrrp(group, role),
      onRival: (group) => this.#onRival(group),
      onDeath: (why, addressesRemoved) => {
        this.#emit({
          kind: 'program-ended',
          atMs: this.#now(),
          program: 'keepalived',
          why,
          addressesRemoved,
        });
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
    if (word.kind === 'ready') {
      this.#applied = word.applied;
      this.#synced = word.synced;
    } else if (word.kind === 'pool') this.#pools.set(word.pool, word.healthy);
    else if (word.kind === 'fault') {
      if (word.message === undefined) this.#faults.delete(word.source);
      else this.#faults.set(word.source, word.message);
    } else if (word.kind === 'lease') {
      this.#groups.get(word.group)?.choose({ ...word, untilMs: this.#now() + word.leaseMs });
    } else if (word.kind === 'peer') {
      this.#groups.get(word.group)?.report({ ...word, untilMs: this.#now() + word.validMs });
    }
    this.#decideAll();
  }

  /** Facts of every group, for FactsSource. */
  roles(): ReadonlyMap<string, RoleFact> {
    return new Map([...this.#groups].map(([name, keeper]) => [name, keeper.fact]));
  }

  /** An operator keeps this node back (or lets it come again). Addresses move without a gap where a peer is ready. */
  setMaintenance(on: boolean): void {
    this.#maintenance = on;
    this.#decideAll();
  }

  /** Hands all groups (or one) over; resolves with those that are still here when the time is up. */
  async handover(options: { readonly timeoutMs?: number } = {}): Promise<readonly string[]> {
    const { clock } = this.#options;
    this.setMaintenance(true);
    const active = (): string[] =>
      [...this.#groups.values()].filter((one) => one.fact.role === 'active').map((one) => one.name);
    const end = clock.monotonicMs() + (options.timeoutMs ?? 5000);
    while (active().length > 0 && clock.monotonicMs() < end)
      await new Promise<void>((resolve) => clock.after(5, resolve));
    return active();
  }

  status(): HaStatus {
    return {
      maintenance: this.#maintenance,
      applied: this.#applied,
      synced: this.#synced,
      ...(this.#keepalived.pid === undefined ? {} : { keepalivedPid: this.#keepalived.pid }),
      rivalAdverts: this.#rivals,
      groups: [...this.#groups.values()].map((keeper) => keeper.status()),
      troubles: this.#keepalived.disagreements(),
    };
  }

  /** `leave`: programs and addresses go on without us. `hand-over`: the peers take over first, then ours end. */
  async close(how: 'leave' | 'hand-over'): Promise<void> {
    this.#closed = true;
    await this.#queue;
    if (how === 'hand-over') {
      await this.handover({ timeoutMs: 3000 });
      await this.#keepalived.stop();
    } else this.#keepalived.release();
    for (const keeper of this.#groups.values()) keeper.close();
  }

  async #setIntent(intent: Intent): Promise<void> {
    this.#intent = intent;
    const groups = intent.ha?.groups ?? [];
    for (const [name, keeper] of this.#groups)
      if (!groups.some((group) => group.name === name)) {
        keeper.close();
        this.#groups.delete(name);
      }
    const epochs = this.#options.epochs.load();
    for (const group of groups) {
      const known = this.#groups.get(group.name);
      if (known !== undefined) known.group = group;
      else this.#groups.set(group.name, this.#keeperOf(group, epochs.get(group.name) ?? 0));
    }
    const vrrp = groups.filter((group) => group.chooser === 'vrrp');
    const notes = await this.#keepalived.apply(
      intent.ha?.provider === 'keepalived' ? vrrp.map((group) => this.#planOf(group, intent)) : [],
    );
    for (const detail of notes) this.#emit({ kind: 'note', atMs: this.#now(), detail });
    this.#decideAll();
  }

  #keeperOf(group: HaGroup, epoch: number): GroupKeeper {
    return new GroupKeeper(group, epoch, {
      clock: this.#options.clock,
      inputs: (keeper) => this.#inputsOf(keeper),
      onChange: (keeper, from, lastedMs) => this.#onChange(keeper, from, lastedMs),
    });
  }

  #planOf(group: HaGroup, intent: Intent): VrrpGroupPlan {
    const addresses = group.vips.flatMap((name) => {
      const vip = intent.vips.get(name);
      return vip?.manage === true ? [toWorldAddress(vip, intent)] : [];
    });
    return { group, addresses };
  }

  #inputsOf(keeper: GroupKeeper): Parameters<GroupKeeper['decide']>[0] {
    const intent = this.#intent;
    let weight = 0;
    const faults = [...this.#faults.values()];
    for (const track of keeper.group.track) {
      if (track.kind !== 'pool') continue;
      const healthy = this.#pools.get(track.target) !== false;
      if (track.weight === 0 && !healthy) faults.push(`pool "${track.target}" is not healthy`);
      if (track.weight < 0 && !healthy) weight += track.weight;
      if (track.weight > 0 && healthy) weight += track.weight;
    }
    return {
      node: intent?.node.name ?? '',
      preferred: intent?.node.role !== 'secondary',
      applied: this.#applied,
      synced: this.#synced || intent?.ha?.sync.enabled !== true,
      maintenance: this.#maintenance,
      faults,
      weight,
    };
  }

  #decideAll(): void {
    for (const keeper of this.#groups.values()) {
      keeper.decide(this.#inputsOf(keeper));
      if (keeper.group.chooser !== 'vrrp' || this.#closed) continue;
      const orders = keeper.vrrpOrders();
      this.#keepalived.setFault(keeper.name, orders.fault);
      // A group in maintenance whose peers do not preempt is handed over by standing back for good.
      this.#keepalived.setWeight(keeper.name, this.#maintenance ? LAST_RESORT : orders.weight);
    }
  }

  #onVrrp(group: string, role: Role): void {
    const keeper = this.#groups.get(group);
    keeper?.choose({ kind: 'vrrp', role });
    if (keeper !== undefined) keeper.decide(this.#inputsOf(keeper));
  }

  #onRival(group: string): void {
    this.#rivals++;
    const keeper = this.#groups.get(group);
    if (
      keeper === undefined ||
      !keeper.seesRival({ how: 'advert', untilMs: this.#now() + 3 * keeper.group.advertMs })
    )
      return;
    this.#emit({
      kind: 'split-brain',
      atMs: this.#now(),
      group,
      how: 'advert',
      detail: 'another node of lower priority is master too; it does not hear us',
    });
  }

  #onChange(keeper: GroupKeeper, from: Role, lastedMs: number): void {
    const { fact } = keeper;
    this.#options.epochs.save(new Map([...this.#groups.values()].map((one) => [one.name, one.fact.epoch])));
    this.#options.onRole(keeper.name, fact);
    this.#emit({
      kind: 'role',
      atMs: this.#now(),
      group: keeper.name,
      from,
      fact,
      detail: keeper.detail,
      lastedMs,
    });
  }

  #emit(event: HaEvent): void {
    this.#options.onEvent(event);
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }
}

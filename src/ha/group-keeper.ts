// One group on this node: collects what is known of it, runs the role machine, and wakes when time alone changes the role.
import type { Clock } from '../lib/clock.ts';
import type { RoleFact } from '../model/facts.ts';
import type { HaGroup } from '../model/ha.ts';
import type { HaGroupStatus } from '../model/ha-status.ts';
import type { Role } from '../model/protocol.ts';
import { delayMs } from './roles/damping.ts';
import { decide } from './roles/decide.ts';
import {
  type Choice,
  effectivePriority,
  type GroupInputs,
  type PeerReport,
  type Rival,
} from './roles/inputs.ts';
import { advance, initialState, type RoleState, toRoleFact } from './roles/role-machine.ts';
import { losesTo } from './roles/split-brain.ts';
import { Unheard } from './roles/unheard.ts';
import { NOT_YIELDING, type Yielding, yieldAgain } from './roles/yielding.ts';
import { type VrrpOrders, vrrpOrders } from './vrrp/orders.ts';

/** What the node knows, whatever the group. */
export type NodeInputs = Omit<GroupInputs, 'group' | 'choice' | 'peer' | 'rival' | 'yieldsTo' | 'isUnheard'>;

export interface KeeperOptions {
  readonly clock: Clock;
  /** Asked when a wait is over. */
  inputs(keeper: GroupKeeper): NodeInputs;
  onChange(keeper: GroupKeeper, from: Role, lastedMs: number): void;
}

/** Reports come every second: one that was not repeated for so long is another episode. */
const CLASH_MS = 5000;
const LOWEST_PRIORITY = 1;

export class GroupKeeper {
  readonly #options: KeeperOptions;
  group: HaGroup;
  #state: RoleState;
  #choice: Choice | undefined;
  #peer: PeerReport | undefined;
  #rival: Rival | undefined;
  #toldClashUntilMs = 0;
  #yielding: Yielding = NOT_YIELDING;
  readonly unheard = new Unheard();
  #inputs: GroupInputs | undefined;
  #cancelWake: () => void = () => {};

  constructor(group: HaGroup, epoch: number, role: 'active' | 'standby', options: KeeperOptions) {
    this.group = group;
    this.#options = options;
    this.#state = initialState(epoch, options.clock.nowMs(), role);
  }

  get name(): string {
    return this.group.name;
  }

  get fact(): RoleFact {
    return toRoleFact(this.#state);
  }

  get detail(): string {
    return this.#state.detail;
  }

  /** Since when the role is what it is. */
  get sinceMs(): number {
    return this.#state.sinceMs;
  }

  choose(choice: Choice): void {
    // Nobody else was left: what does not hear us is gone.
    if (choice.kind === 'vrrp' && choice.role === 'active' && this.#state.role !== 'active')
      this.unheard.end();
    this.#choice = choice;
  }

  /** A peer that claims active while we are carries the address twice: judged like any rival. */
  report(peer: PeerReport): 'report' | 'epoch' | undefined {
    this.#peer = peer;
    if (peer.role !== 'active' || this.#state.role !== 'active') {
      if (this.#rival?.node === peer.node) this.#rival = undefined;
      this.#toldClashUntilMs = 0;
      return undefined;
    }
    const how = peer.epoch === this.#state.epoch ? 'epoch' : 'report';
    this.#rival = { ...peer, how };
    return how;
  }

  /** Of two masters that VRRP does not part: true when it is this node that stands back from now on. */
  giveWay(): boolean {
    const [peer, inputs] = [this.#peer, this.#inputs];
    if (this.group.chooser !== 'vrrp' || peer === undefined || inputs === undefined) return false;
    const me = { node: inputs.node, priority: effectivePriority(inputs), epoch: this.#state.epoch };
    if (!losesTo(me, peer)) return false;
    this.#yielding = yieldAgain(this.#yielding, this.#options.clock.nowMs());
    return true;
  }

  /** What parted the two may be mended: VRRP is listened to again. */
  forgive(): void {
    this.unheard.forget();
    this.#yielding = NOT_YIELDING;
  }

  /** True once an episode of a peer that claims the same. */
  isNewClash(): boolean {
    const nowMs = this.#options.clock.nowMs();
    const isNew = nowMs > this.#toldClashUntilMs;
    this.#toldClashUntilMs = nowMs + CLASH_MS;
    return isNew;
  }

  /** True when it is news: one message for one episode, however many adverts it has. */
  seesRival(rival: Rival): boolean {
    const known = this.#rival !== undefined && this.#rival.untilMs > this.#options.clock.nowMs();
    this.#rival = rival;
    return !known;
  }

  decide(node: NodeInputs): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const inputs: GroupInputs = {
      ...node,
      group: this.group,
      ...(this.#choice === undefined ? {} : { choice: this.#choice }),
      ...(this.#peer === undefined ? {} : { peer: this.#peer }),
      ...(this.#rival === undefined ? {} : { rival: this.#rival }),
      ...this.#yieldsTo(nowMs),
      isUnheard: this.unheard.standsBack,
    };
    this.#inputs = inputs;
    const before = this.#state;
    const step = advance(before, decide(inputs, before, nowMs), nowMs, this.#peer?.epoch);
    this.#state = step.state;
    this.#wakeAt(step.wakeAtMs, nowMs);
    if (step.changed) this.#options.onChange(this, before.role, Math.round(nowMs - before.sinceMs));
  }

  vrrpOrders(pulse: boolean): VrrpOrders {
    const nowMs = this.#options.clock.nowMs();
    if (this.#inputs === undefined) return { weight: 0, fault: false };
    const { role, damping } = this.#state;
    return vrrpOrders(this.#inputs, { role, damped: delayMs(damping, nowMs) > 0, pulse });
  }

  status(): HaGroupStatus {
    const { role, epoch, reason, detail, sinceMs } = this.#state;
    const own = this.#inputs === undefined ? this.group.priority : effectivePriority(this.#inputs);
    // While it waits it is no match for who carries it meanwhile: the peer must not leave it to nobody.
    const priority = reason === 'Damped' ? LOWEST_PRIORITY : own;
    return { group: this.name, chooser: this.group.chooser, role, epoch, reason, detail, sinceMs, priority };
  }

  close(): void {
    this.#cancelWake();
  }

  /** A peer that went away or gave it up is no reason to stand back. */
  #yieldsTo(nowMs: number): { readonly yieldsTo?: string } {
    const peer = this.#peer;
    if (nowMs >= this.#yielding.untilMs || peer?.role !== 'active' || peer.untilMs <= nowMs) return {};
    return { yieldsTo: peer.node };
  }

  #wakeAt(atMs: number | undefined, nowMs: number): void {
    this.#cancelWake();
    this.#cancelWake = () => {};
    if (atMs === undefined) return;
    this.#cancelWake = this.#options.clock.after(Math.max(1, atMs - nowMs), () =>
      this.decide(this.#options.inputs(this)),
    );
  }
}

// Who speaks VRRP for the groups that ask for it: keepalived or FRR's vrrpd, as the provider says.
import type { Clock } from '../../lib/clock.ts';
import type { Intent } from '../../model/intent.ts';
import type { Role } from '../../model/protocol.ts';
import { addressesOf } from '../announce/announcements.ts';
import { Keepalived } from './keepalived.ts';
import type { VrrpOrders } from './orders.ts';
import type { RoutePort } from './presence.ts';
import { Vrrpd } from './vrrpd.ts';

export interface VrrpOptions {
  readonly clock: Clock;
  readonly runDir: string;
  readonly frrDir: string;
  readonly route: RoutePort;
  readonly keepalived?: string;
  /** `why` it is in fault. */
  onRole(group: string, role: Role, why?: string): void;
  /** A second master was heard, of lower priority than ours. */
  onRival(group: string): void;
  onEnd(program: 'keepalived' | 'vrrpd', why: string, addressesRemoved: number): void;
  onNote(detail: string): void;
}

export class Vrrp {
  readonly #keepalived: Keepalived;
  readonly #vrrpd: Vrrpd;
  #provider = 'none';
  #isApplied = false;

  constructor(options: VrrpOptions) {
    const { runDir, frrDir, keepalived, route, clock, onRole, onRival, onNote, onEnd } = options;
    this.#keepalived = new Keepalived({
      runDir,
      routerId: 'lbctl',
      route,
      clock,
      ...(keepalived === undefined ? {} : { binary: keepalived }),
      onRole,
      onRival,
      onDeath: (why, removed) => onEnd('keepalived', why, removed),
    });
    const onDeath = (why: string): void => onEnd('vrrpd', why, 0);
    this.#vrrpd = new Vrrpd({ dir: frrDir, route, clock, onRole, onRival, onNote, onDeath });
  }

  get keepalivedPid(): number | undefined {
    return this.#keepalived.pid;
  }

  /** One program speaks VRRP; the other one lets its groups go when the provider changes. Tells what it cannot do. */
  async apply(intent: Intent): Promise<readonly string[]> {
    const { provider, groups } = intent.ha ?? { provider: 'none', groups: [] };
    this.#provider = provider;
    const plans = groups
      .filter((group) => group.chooser === 'vrrp')
      .map((group) => ({ group, addresses: addressesOf(group, intent) }));
    const of = (name: 'keepalived' | 'frr'): typeof plans => (provider === name ? plans : []);
    const notes = [
      ...(await this.#keepalived.apply(of('keepalived'))),
      ...(await this.#vrrpd.apply(of('frr'))),
    ];
    this.#isApplied = true;
    return notes;
  }

  /** Before a program that an earlier life of ours left was found nobody knows whether it is active: it goes on as it is. */
  setOrders(group: string, orders: VrrpOrders): void {
    if (!this.#isApplied) return;
    if (this.#provider === 'frr') {
      this.#vrrpd.setOrders(group, orders);
      return;
    }
    // One thing at a time: who lets go needs no other priority.
    if (!orders.fault) this.#keepalived.setWeight(group, orders.weight);
    this.#keepalived.setFault(group, orders.fault);
  }

  /** Undefined where the program does not say it. */
  priorityOf(group: string): number | undefined {
    return this.#keepalived.priorityOf(group);
  }

  /** True when somebody had changed its configuration by hand. */
  putBack(): boolean {
    return this.#keepalived.putBack();
  }

  disagreements(): readonly string[] {
    return this.#keepalived.disagreements();
  }

  /** The peers are told, and the addresses go. */
  async stop(): Promise<void> {
    await this.#keepalived.stop();
    await this.#vrrpd.stop();
  }

  /** The programs go on as they are. */
  release(): void {
    this.#keepalived.release();
    this.#vrrpd.release();
  }
}

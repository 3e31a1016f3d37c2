// VRRP by FRR's vrrpd instead of keepalived: macvlans with the virtual MAC, configuration over the vty, states read from it.
import { join } from 'node:path';
import { runProgram } from '../../kernel/process.ts';
import { SysctlFiles } from '../../kernel/sysctl-files.ts';
import type { Clock } from '../../lib/clock.ts';
import { sysctlDevice } from '../../lib/sysctl.ts';
import { OpError } from '../../model/errors.ts';
import type { Role } from '../../model/protocol.ts';
import { FrrDaemon } from '../frr/frr-daemon.ts';
import type { VrrpGroupPlan } from './keepalived.ts';
import type { VrrpOrders } from './orders.ts';
import type { RoutePort } from './presence.ts';
import { vrrpFault } from './vrrp-fault.ts';
import { macvlanName, virtualMac, vrrpdConfig, vrrpdLacks, vrrpdOwnership } from './vrrpd-config.ts';

export interface VrrpdOptions {
  readonly dir: string;
  readonly route: RoutePort;
  readonly clock: Clock;
  /** `why` it is in fault. */
  onRole(group: string, role: Role, why?: string): void;
  /** A second master was heard, of lower priority than ours. */
  onRival(group: string): void;
  onDeath(why: string): void;
  onNote(detail: string): void;
}

const COMMAND_MS = 5000;
const RETRY_MS = 500;
const ROLE_OF: Readonly<Record<string, Role>> = { Master: 'active', Backup: 'standby', Initialize: 'fault' };

interface VrrpRow {
  readonly vrid?: number;
  readonly interface?: string;
  readonly v4?: FamilyRow;
  readonly v6?: FamilyRow;
}

interface FamilyRow {
  readonly status?: string;
  readonly stats?: { readonly adverRx?: number };
}

export class Vrrpd {
  readonly #options: VrrpdOptions;
  readonly #daemon: FrrDaemon;
  readonly #orders = new Map<string, VrrpOrders>();
  readonly #roles = new Map<string, Role>();
  readonly #heard = new Map<string, number>();
  readonly #ourIds = new Set<string>();
  #plans: readonly VrrpGroupPlan[] = [];
  #queue: Promise<void> = Promise.resolve();
  #cancelLook: () => void = () => {};
  #isDown = false;
  #closed = false;

  constructor(options: VrrpdOptions) {
    this.#options = options;
    this.#daemon = new FrrDaemon(join(options.dir, 'vrrpd.vty'));
  }

  /** Tells vrrpd of the groups; what it has not is told as notes. */
  async apply(plans: readonly VrrpGroupPlan[]): Promise<readonly string[]> {
    const before = this.#plans;
    this.#plans = plans;
    if (plans.length === 0 && before.length === 0) return [];
    for (const { group } of plans) this.#ourIds.add(`${group.interface} ${group.vrid}`);
    for (const plan of plans) {
      this.#answerForOwnOnly(plan.group.interface);
      await this.#makeLinks(plan);
    }
    await this.#tell();
    if (plans.length > 0 && before.length === 0) await this.#keepTime();
    for (const { group } of before)
      if (!plans.some((one) => one.group.vrid === group.vrid)) await this.#removeLinks(group.vrid);
    this.#cancelLook();
    if (plans.length > 0) this.#look();
    return plans.flatMap(({ group }) => vrrpdLacks(group));
  }

  setOrders(group: string, orders: VrrpOrders): void {
    const known = this.#orders.get(group);
    if (known?.weight === orders.weight && known.fault === orders.fault) return;
    this.#orders.set(group, orders);
    // What fails here is found by the next look, which tells everything again.
    void this.#tell().catch(() => {});
  }

  /** vrrpd goes on as it is. */
  release(): void {
    this.#closed = true;
    this.#cancelLook();
    this.#daemon.close();
  }

  /** The groups are taken out of vrrpd, which tells the peers; then the links go. */
  async stop(): Promise<void> {
    this.#cancelLook();
    const gone = this.#plans;
    this.#plans = [];
    if (gone.length > 0) await this.#tell().catch(() => {});
    for (const { group } of gone) await this.#removeLinks(group.vrid);
    this.release();
  }

  #tell(): Promise<void> {
    const done = this.#queue.then(() => {
      const planned = new Set(this.#plans.map(({ group }) => `${group.interface} ${group.vrid}`));
      const left = [...this.#ourIds].map((id) => id.split(' ')[0]!);
      const wanted = vrrpdConfig(this.#plans, this.#orders, left);
      return this.#daemon.apply(wanted, () => vrrpdOwnership(this.#ourIds, planned));
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  #look(): void {
    const fastest = Math.min(...this.#plans.map(({ group }) => group.advertMs));
    const again = (ms: number): void => {
      if (!this.#closed) this.#cancelLook = this.#options.clock.after(ms, () => this.#look());
    };
    this.#read().then(
      () => again(Math.max(20, fastest / 2)),
      async (error: Error) => {
        await this.#onGone(error.message);
        again(RETRY_MS);
      },
    );
  }

  async #read(): Promise<void> {
    if (this.#isDown) {
      // While there is none the links stay down: whoever is up answers for the addresses.
      await this.#daemon.running();
      // Another vrrpd knows nothing: the links first, as it looks for them when it is told of an id.
      for (const plan of this.#plans) await this.#makeLinks(plan);
      await this.#tell();
      await this.#keepTime();
      this.#isDown = false;
    }
    const rows = await this.#daemon.show('show vrrp json');
    if (!Array.isArray(rows)) return;
    for (const { group, addresses } of this.#plans) {
      const row = (rows as VrrpRow[]).find(
        (one) => one.vrid === group.vrid && one.interface === group.interface,
      );
      const family = addresses[0]?.address.includes(':') === true ? row?.v6 : row?.v4;
      const role = ROLE_OF[family?.status ?? ''] ?? 'fault';
      // Who goes on as master after an advert came had one of lower priority.
      const heard = family?.stats?.adverRx ?? 0;
      const isMore = heard > (this.#heard.get(group.name) ?? heard);
      if (isMore && role === 'active' && this.#roles.get(group.name) === role)
        this.#options.onRival(group.name);
      this.#heard.set(group.name, heard);
      this.#setRole(
        group.name,
        role,
        role === 'fault' ? vrrpFault(group, this.#options.route.links()) : undefined,
      );
    }
  }

  async #keepTime(): Promise<void> {
    const why = await this.#daemon.keepsTime();
    if (why !== undefined) this.#options.onNote(`vrrpd waits for its turn where this node is busy: ${why}`);
  }

  /** vrrpd is gone and has left its addresses: the links that hold them are put down. */
  async #onGone(why: string): Promise<void> {
    if (this.#isDown || this.#closed) return;
    this.#isDown = true;
    for (const { group } of this.#plans) {
      for (const family of [4, 6] as const) {
        const device = macvlanName(group, family);
        if (!this.#hasLink(device)) continue;
        await ip('link', 'set', device, 'down');
        // As with a link that is made: it may be up again only once a vrrpd elects us.
        await ip('link', 'set', device, 'protodown', 'on');
      }
      this.#setRole(group.name, 'fault', `vrrpd ended: ${why}`);
    }
    this.#options.onDeath(why);
  }

  #setRole(group: string, role: Role, why?: string): void {
    if (this.#roles.get(group) === role) return;
    this.#roles.set(group, role);
    this.#options.onRole(group, role, why);
  }

  async #makeLinks({ group, addresses }: VrrpGroupPlan): Promise<void> {
    for (const family of [4, 6] as const) {
      const ours = addresses.filter((one) => one.address.includes(':') === (family === 6));
      if (ours.length === 0) continue;
      const device = macvlanName(group, family);
      if (!this.#hasLink(device)) {
        await ip('link', 'add', device, 'link', group.interface, 'type', 'macvlan', 'mode', 'bridge');
        // A link-local address made of the virtual MAC would be the same on every node.
        await ip('link', 'set', device, 'addrgenmode', family === 4 ? 'none' : 'random');
        await ip('link', 'set', device, 'address', virtualMac(group, family));
        // Until vrrpd elects us nobody may be answered here: up alone would be a second holder for a moment.
        await ip('link', 'set', device, 'protodown', 'on');
        this.#quieten(device);
      }
      for (const { address, prefixLength } of ours)
        await ip(
          'address',
          'replace',
          `${address}/${prefixLength}`,
          'dev',
          device,
          ...(family === 6 ? ['nodad'] : []),
        );
      await ip('link', 'set', device, 'up');
    }
  }

  /** Only this link answers for its addresses, and it takes what comes in by another way. */
  #quieten(device: string): void {
    const sysctl = new SysctlFiles();
    for (const [name, value] of [
      ['rp_filter', '0'],
      ['arp_ignore', '1'],
      ['arp_announce', '2'],
    ] as const)
      sysctl.set(`net.ipv4.conf.${sysctlDevice(device)}.${name}`, value);
  }

  /** A backup holds the addresses too, on its link: the interface below would answer for them, with its own MAC. */
  #answerForOwnOnly(device: string): void {
    const sysctl = new SysctlFiles();
    const key = `net.ipv4.conf.${sysctlDevice(device)}.arp_ignore`;
    // The larger one of both counts.
    if (sysctl.get(key) !== '0' || sysctl.get('net.ipv4.conf.all.arp_ignore') !== '0') return;
    sysctl.set(key, '1');
    this.#options.onNote(
      `${key} is 1 now: ${device} answers for its own addresses alone, as a backup holds those of its groups too`,
    );
  }

  async #removeLinks(vrid: number): Promise<void> {
    for (const device of [`vrrp4-${vrid}`, `vrrp6-${vrid}`])
      if (this.#hasLink(device)) await ip('link', 'delete', device);
  }

  #hasLink(device: string): boolean {
    return this.#options.route.links().some((one) => one.name === device);
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  const end = await runProgram(['ip', ...args], { env: {} }, AbortSignal.timeout(COMMAND_MS));
  if (end.kind === 'exit' && end.code === 0) return;
  const said = 'output' in end ? end.output.trim() : end.why;
  throw new OpError('HA_REFUSED', `Cannot do "ip ${args.join(' ')}": ${said || end.kind}`, {
    op: 'ip',
    target: args.join(' '),
  });
}

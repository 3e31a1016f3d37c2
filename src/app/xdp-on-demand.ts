// The XDP data plane, opened when the first listener needs it: attaching programs is a change to the machine that a node
// without such listeners should not see. A configuration read later may be the one that needs it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { desiredItems } from '../drivers/xdp/desired.ts';
import { LAYOUT_VERSION } from '../drivers/xdp/layout.ts';
import { type OpenXdp, openXdp, type XdpWishes, xdpFact } from '../drivers/xdp/open-xdp.ts';
import type { XdpDriver } from '../drivers/xdp/xdp-driver.ts';
import { RouteKernel } from '../kernel/netlink/route-kernel.ts';
import type { DataPlaneState } from '../model/data-plane.ts';
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../model/driver.ts';
import { LbError, whyOf } from '../model/errors.ts';
import type { EngineFact } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { ItemMap, Observed } from '../model/item.ts';
import type { Step } from '../model/plan.ts';
import type { World } from '../model/world.ts';
import { diffItems } from '../plan/diff.ts';

const NOTHING: Observed = { items: new Map(), foreign: new Map() };

export interface XdpOnDemandOptions {
  readonly objectPath: string;
  /** Root of the pins. */
  readonly folder: string;
}

/** Whether tables of ours are on the machine: somebody's listeners may be served by them. */
export function hasXdpTables(folder: string): boolean {
  return existsSync(join(folder, `v${LAYOUT_VERSION}`, 'maps'));
}

export class XdpOnDemand implements Driver {
  readonly name = 'xdp';
  readonly #options: XdpOnDemandOptions;
  readonly #here: EngineFact;
  #intent: Intent;
  #open: OpenXdp | undefined;
  /** Why it could not be opened when it was needed. */
  #refused: LbError | undefined;
  #isWanted = false;

  constructor(intent: Intent, options: XdpOnDemandOptions) {
    this.#intent = intent;
    this.#options = options;
    this.#here = xdpFact(options.objectPath);
  }

  /** Of the configuration in force: interfaces may be named later. */
  get fact(): EngineFact {
    if (this.#refused !== undefined) return { available: false, why: whyOf(this.#refused) };
    if (!this.#here.available || this.#open !== undefined || this.#interfaces().length > 0) return this.#here;
    return { available: false, why: 'no interface is named in data_plane.xdp.interfaces or network' };
  }

  get opened(): XdpDriver | undefined {
    return this.#open?.driver;
  }

  /** What is opened from now on is opened as this says, and what is open goes to other interfaces. */
  take(intent: Intent): void {
    this.#intent = intent;
    this.#open?.adjust(this.#wishes());
    if (this.#refused !== undefined) this.openIfItCan();
  }

  /** Where the machine refuses, the fact says so until a later try succeeds. */
  openIfItCan(): void {
    try {
      this.open();
      this.#refused = undefined;
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#refused = error;
    }
  }

  /**
   * Links, addresses or routes changed: members may be reached by others, and an interface that was missing may be there. To load the
   * program for nothing takes long.
   */
  networkChanged(): void {
    this.#open?.driver.lookSoon();
    if (this.#refused?.retry !== 'on-change') return;
    const kernel = new RouteKernel();
    const names = kernel.links().map(({ name }) => name);
    kernel.close();
    if (this.#interfaces().some((name) => names.includes(name))) this.openIfItCan();
  }

  /** Throws LbError where the machine refuses; safe to call again. */
  open(): XdpDriver {
    if (this.#open !== undefined) return this.#open.driver;
    const open = openXdp({ ...this.#options, ...this.#wishes() });
    const { driver, interfaces } = open;
    const refused = interfaces.flatMap((one) => ('error' in one ? [one.error] : []));
    if (refused.length > 0 && refused.length === interfaces.length) {
      void driver.close();
      throw refused[0]!;
    }
    this.#open = open;
    return driver;
  }

  desired(world: World): ItemMap {
    this.#isWanted = world.listeners.some(({ engine }) => engine === this.name);
    return this.#open?.driver.desired(world) ?? desiredItems(world);
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    return this.#open?.driver.plan(desired, observed) ?? diffItems(this.name, desired, observed);
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    if (this.#refused !== undefined) return NOTHING;
    const needed = this.#open !== undefined || this.#isWanted || hasXdpTables(this.#options.folder);
    return needed ? this.open().observe(signal) : NOTHING;
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    return this.open().apply(steps, signal);
  }

  async counters(signal?: AbortSignal): Promise<readonly ItemCounters[]> {
    return (await this.#open?.driver.counters(signal)) ?? [];
  }

  state(): DataPlaneState | undefined {
    return this.#open?.driver.state();
  }

  async uninstall(): Promise<void> {
    await this.#open?.driver.uninstall();
  }

  async close(): Promise<void> {
    await this.#open?.driver.close();
  }

  #wishes(): XdpWishes {
    const { attach, maxListeners, maxMembers, maxFlows } = this.#intent.dataPlane.xdp;
    return { interfaces: this.#interfaces(), attach, limits: { maxListeners, maxMembers, maxFlows } };
  }

  #interfaces(): readonly string[] {
    const { dataPlane, network } = this.#intent;
    if (dataPlane.xdp.interfaces.length > 0) return dataPlane.xdp.interfaces;
    const named = [network.frontendInterface, network.backendInterface].filter((name) => name !== undefined);
    return [...new Set(named)];
  }
}

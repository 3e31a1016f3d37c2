// The address driver: VIPs on interfaces, marked as ours, announced on gain. Addresses of others are never touched.
import type { AddressPort, LinkPort, NeighbourPort } from '../../kernel/ports.ts';
import type { Registry } from '../../kernel/registry.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Driver, DriverPlan, StepResult } from '../../model/driver.ts';
import { BugError, LbError, OpError } from '../../model/errors.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import { diffItems } from '../../plan/diff.ts';
import { hasNeighbours, isRunning, isUp } from '../../wire/netlink/route-link.ts';
import { findLink, type GainOptions, gain, toAddress } from './gain.ts';
import { desiredItems, toObserved } from './items.ts';

export interface AddressDriverOptions {
  readonly route: LinkPort & AddressPort;
  readonly neighbours: NeighbourPort;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly gain?: Partial<GainOptions>;
  /** Announcements at once on gain, and how long until as many again: some switches miss the first (default 3, 5 s). */
  readonly announceCount?: number;
  readonly announceAgainMs?: number;
}

const DEFAULT_GAIN: GainOptions = {
  duplicateDetection: true,
  probes: 2,
  probeWaitMs: 100,
  ipv6WaitMs: 2500,
};

export class AddressDriver implements Driver {
  readonly name = 'address';
  readonly #options: AddressDriverOptions;
  readonly #gain: GainOptions;
  readonly #repeats = new Set<() => void>();
  /** Links that carried traffic when last looked at; absent before the first look. */
  #running: ReadonlySet<string> | undefined;

  constructor(options: AddressDriverOptions) {
    this.#options = options;
    this.#gain = { ...DEFAULT_GAIN, ...options.gain };
  }

  desired(world: World): ItemMap {
    return desiredItems(world);
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    return diffItems(this.name, desired, observed);
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    signal?.throwIfAborted();
    const { route, registry } = this.#options;
    registry.reload();
    return toObserved(route.addresses(), route.links(), registry.claims);
  }

  /** Side by side, as each may wait for the wire to stay silent. */
  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    const { registry } = this.#options;
    registry.reload();
    const gained = steps.filter((step) => step.verb !== 'remove');
    if (gained.length > 0) registry.claim(new Map(gained.map((step) => [step.item.key, ''])));
    const results = await Promise.all(steps.map((step) => this.#applyStep(step)));
    const gone = results.filter(({ step, ok }) => (step.verb === 'remove' ? ok : step.verb === 'add' && !ok));
    registry.release(gone.map(({ step }) => step.item.key));
    return results;
  }

  /** Says once more that an address is ours: after its link came back, say. */
  announce(item: Item): void {
    const { route, neighbours, announceCount = 3 } = this.#options;
    const link = findLink(route, String(item.fields.interface));
    if (!isUp(link) || !hasNeighbours(link)) return;
    for (let i = 0; i < announceCount; i++) neighbours.announce(link, String(item.fields.address));
  }

  /** Links changed: on those that run again our addresses are announced, as switches forgot them meanwhile. */
  announceReturned(): void {
    const { route, registry } = this.#options;
    const before = this.#running;
    this.#running = new Set(
      route
        .links()
        .filter(isRunning)
        .map((link) => link.name),
    );
    if (before === undefined) return;
    const returned = [...this.#running].filter((name) => !before.has(name));
    if (returned.length === 0) return;
    for (const item of toObserved(route.addresses(), route.links(), registry.claims).items.values())
      if (returned.includes(String(item.fields.interface))) this.announce(item);
  }

  /** The addresses stay: traffic flows without us. */
  async close(): Promise<void> {
    for (const cancel of this.#repeats) cancel();
    this.#repeats.clear();
    this.#options.route.close();
  }

  async #applyStep(step: Step): Promise<StepResult> {
    try {
      if (step.verb === 'remove') this.#remove(step.item);
      else await this.#put(step);
      return { step, ok: true };
    } catch (error) {
      if (error instanceof LbError) return { step, ok: false, error };
      return { step, ok: false, error: new BugError(`Cannot apply "${step.id}"`, { cause: error }) };
    }
  }

  async #put(step: Step): Promise<void> {
    const { route, neighbours } = this.#options;
    if (step.changes.includes('misplaced')) return this.#putAgain(step.item);
    // What the kernel found to be a duplicate is asked about anew: it goes first.
    if (step.changes.includes('state')) this.#remove(step.item);
    const isThere = step.verb !== 'add' && !step.changes.includes('state');
    try {
      await gain({ route, neighbours }, step.item.fields, this.#gain, isThere);
    } catch (error) {
      if (!(error instanceof OpError) || error.op.errno !== 'EEXIST' || !(await this.#isOurs(step.item)))
        throw this.#explain(step.item, error);
    }
    this.announce(step.item);
    this.#announceAgain(step.item);
  }

  /** It is ours and on the wire already: nobody is asked, and nothing comes between. */
  #putAgain(item: Item): void {
    const { route } = this.#options;
    const link = findLink(route, String(item.fields.interface));
    this.#remove(item);
    route.addAddress(toAddress(route, item.fields, link, this.#gain), 'create');
  }

  #remove(item: Item): void {
    const { route } = this.#options;
    try {
      const link = findLink(route, String(item.fields.interface));
      route.removeAddress(toAddress(route, item.fields, link, this.#gain));
    } catch (error) {
      const gone =
        error instanceof LbError &&
        (error.code === 'INTERFACE_MISSING' ||
          (error instanceof OpError && (error.op.errno === 'EADDRNOTAVAIL' || error.op.errno === 'ENODEV')));
      if (!gone) throw error;
    }
  }

  async #isOurs(item: Item): Promise<boolean> {
    return (await this.observe()).items.has(item.key);
  }

  #explain(item: Item, error: unknown): unknown {
    if (!(error instanceof OpError) || error.op.errno !== 'EEXIST') return error;
    return new OpError(
      'CONFLICT',
      `Cannot add address "${item.key}" as somebody else put it there`,
      error.op,
      { cause: error, retry: 'on-change', hint: 'Remove it, or set "manage: false" on the VIP' },
    );
  }

  #announceAgain(item: Item): void {
    const { clock, announceAgainMs = 5000 } = this.#options;
    const cancel = clock.after(announceAgainMs, () => {
      this.#repeats.delete(cancel);
      this.#announceIfStillOurs(item);
    });
    this.#repeats.add(cancel);
  }

  /** Meanwhile the address may have moved to the peer: announcing it then would pull traffic back. */
  #announceIfStillOurs(item: Item): void {
    const { route, registry } = this.#options;
    try {
      const { items } = toObserved(route.addresses(), route.links(), registry.claims);
      if (items.has(item.key)) this.announce(item);
    } catch (error) {
      // The interface went away under us; the next round reports what is missing.
      if (!(error instanceof LbError)) throw error;
    }
  }
}

// The reference driver: a data plane that is a table. Everything above drivers is tested on it, and it runs anywhere.
import type { Driver, DriverPlan, StepResult } from '../../model/driver.ts';
import { BugError, LbError } from '../../model/errors.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import type { World } from '../../model/world.ts';
import { diffItems } from '../../plan/diff.ts';
import { addressItem, listenerItems } from './desired.ts';
import { MemoryPlane } from './memory-plane.ts';

export interface MemoryOptions {
  /** Default `memory`. A stand-in takes the name of the engine it stands for. */
  readonly name?: string;
  /** Listeners of these engines are its own; default `['memory']`. */
  readonly engines?: readonly ConcreteEngine[];
  /** Whether it carries addresses; exactly one driver of a node does. Default true. */
  readonly addresses?: boolean;
  /** The table; give the same one to a second driver to play a restart. */
  readonly plane?: MemoryPlane;
}

export class MemoryDriver implements Driver {
  readonly name: string;
  readonly plane: MemoryPlane;
  readonly #engines: readonly ConcreteEngine[];
  readonly #addresses: boolean;
  #last: { readonly world: World; readonly items: ItemMap } | undefined;
  #planned: { readonly desired: ItemMap; readonly seen: ItemMap; readonly plan: DriverPlan } | undefined;

  constructor(options: MemoryOptions = {}) {
    this.name = options.name ?? 'memory';
    this.plane = options.plane ?? new MemoryPlane();
    this.#engines = options.engines ?? ['memory'];
    this.#addresses = options.addresses ?? true;
  }

  desired(world: World): ItemMap {
    if (this.#last?.world === world) return this.#last.items;
    const items = new Map<string, Item>();
    for (const listener of world.listeners)
      if (this.#engines.includes(listener.engine))
        for (const one of listenerItems(listener)) items.set(one.key, one);
    if (this.#addresses) for (const address of world.addresses) items.set(address.key, addressItem(address));
    this.#last = { world, items };
    return items;
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    const { items, foreign } = observed;
    if (foreign.size > 0) return diffItems(this.name, desired, observed);
    // Rounds in which nothing changed are most of all.
    if (this.#planned?.desired !== desired || this.#planned.seen !== items)
      this.#planned = { desired, seen: items, plan: diffItems(this.name, desired, observed) };
    return this.#planned.plan;
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    signal?.throwIfAborted();
    const { owned, foreign } = this.plane.read();
    return { items: owned, foreign };
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    return steps.map((step) => this.#applyStep(step));
  }

  async close(): Promise<void> {}

  #applyStep(step: Step): StepResult {
    try {
      if (step.verb === 'remove') this.plane.remove(step.item.key);
      else this.plane.put(step.verb, step.item);
      return { step, ok: true };
    } catch (cause) {
      if (cause instanceof LbError) return { step, ok: false, error: cause };
      return { step, ok: false, error: new BugError(`Cannot apply "${step.id}"`, { cause }) };
    }
  }
}

// The XDP data plane behind the Driver contract.
import type { DataPlaneState } from '../../model/data-plane.ts';
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../../model/driver.ts';
import type { WatchedFlows } from '../../model/flow.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import { diffItems } from '../../plan/diff.ts';
import { applySteps } from './apply.ts';
import { readCounters, readReasons } from './counters.ts';
import { desiredItems } from './desired.ts';
import { listenerItem, memberItem } from './entries.ts';
import type { XdpFlows } from './flows/xdp-flows.ts';
import type { NextHop } from './next-hop.ts';
import { PEERS } from './peer-rows.ts';
import type { Plane } from './plane.ts';
import { COUNTS, meaningOf } from './reasons.ts';
import { RingBuilder } from './ring-builder.ts';
import type { SweepResult } from './sweep.ts';
import type { XdpTables } from './tables.ts';

export interface XdpDriverOptions {
  readonly plane: Plane;
  readonly tables: XdpTables;
  /** For connection sync; absent in tests of the tables alone. */
  readonly flows?: XdpFlows;
  /** Looks at routes and neighbours again; false when nothing can be known (tests of the tables alone). */
  readonly lookAround?: () => void;
  /** Wakes the kernel's neighbour discovery. */
  readonly askNeighbours?: (unknown: readonly NextHop[]) => void;
  /** Interfaces and notes, for state(). */
  readonly about?: () => Pick<DataPlaneState, 'interfaces' | 'notes'>;
  /** Takes program, tables and flows off the machine. */
  readonly removeAll?: () => void;
  readonly nowMs?: () => number;
}

/** How often routes and neighbours are read again, and how often flows are walked. */
const LOOK_EVERY_MS = 2000;
const SWEEP_EVERY_MS = 30_000;
/** A neighbour on the same link answers within a few milliseconds; one that does not is asked again with every look. */
const CHASE_EVERY_MS = 20;
const CHASE_TRIES = 10;

export class XdpDriver implements Driver {
  readonly name = 'xdp';
  readonly #options: XdpDriverOptions;
  readonly #builder = new RingBuilder();
  readonly #nowMs: () => number;
  #last: { readonly world: World; readonly items: ItemMap } | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isNews = false;
  #sweptMs = Number.NEGATIVE_INFINITY;
  #sweeping: Promise<SweepResult> | undefined;
  #flows: SweepResult | undefined;
  #chasing: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: XdpDriverOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  desired(world: World): ItemMap {
    if (this.#last?.world !== world) this.#last = { world, items: desiredItems(world) };
    return this.#last.items;
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    const notes = this.#options.about?.().notes ?? [];
    const plan = diffItems(this.name, desired, observed);
    return { ...plan, notes: [...plan.notes, ...notes] };
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    signal?.throwIfAborted();
    const { plane, tables } = this.#options;
    const entries = plane.refresh();
    if (plane.isUnsettled) await plane.settle(this.#builder);
    this.#housekeep();
    const isReachable = tables.reachable(plane.addressWrites);
    const items = new Map<string, Item>();
    const foreign = new Map<string, Item>();
    for (const entry of entries.values()) {
      const into = entry.row.owner === plane.owner ? items : foreign;
      const listener = listenerItem(entry, !isReachable(entry));
      into.set(listener.key, listener);
      for (const member of entry.members.values()) {
        const one = memberItem(entry.key, member);
        into.set(one.key, one);
      }
    }
    return { items, foreign };
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    const results = await applySteps(this.#options.plane, this.#builder, steps);
    // Members may be new to the kernel too; whoever waits for steps does not wait for neighbours.
    if (steps.some((step) => step.item.kind === 'member' && step.verb !== 'remove')) this.#chase(CHASE_TRIES);
    return results;
  }

  async counters(signal?: AbortSignal): Promise<readonly ItemCounters[]> {
    signal?.throwIfAborted();
    const { plane, tables } = this.#options;
    const own = [...plane.refresh().values()].filter((entry) => entry.row.owner === plane.owner);
    return readCounters(own, tables);
  }

  /** Whatever is looked at now and then is looked at with the next observation. */
  lookSoon(): void {
    this.#isNews = true;
  }

  /** The connections themselves, for telling other nodes of them. */
  get flows(): WatchedFlows | undefined {
    return this.#options.flows;
  }

  /** Fill of flows as of the last walk. */
  state(): DataPlaneState {
    const { plane, tables, about } = this.#options;
    const { listenerNumbers, memberNumbers, arena } = plane;
    const packets = readReasons(tables.counts);
    return {
      ...(about?.() ?? { interfaces: [], notes: [] }),
      tables: [
        { name: 'listeners', used: listenerNumbers.used, capacity: listenerNumbers.capacity },
        { name: 'members', used: memberNumbers.used, capacity: memberNumbers.capacity },
        { name: 'ring-slots', used: arena.used, capacity: arena.capacity },
        { name: 'flows4', used: this.#flows?.flows4 ?? 0, capacity: tables.flows4.maxEntries },
        { name: 'flows6', used: this.#flows?.flows6 ?? 0, capacity: tables.flows6.maxEntries },
        { name: 'peers', used: tables.peers.used, capacity: PEERS - 1 },
      ],
      reasons: COUNTS.filter((name) => name !== 'none').map((name) => ({
        reason: name,
        meaning: meaningOf(name),
        packets: packets[name],
      })),
    };
  }

  /** Walks the flow tables now; concurrent callers share one walk. */
  sweep(): Promise<SweepResult> {
    this.#sweeping ??= this.#options.tables
      .sweep()
      .then((result) => {
        this.#flows = result;
        return result;
      })
      .finally(() => {
        this.#sweeping = undefined;
        this.#sweptMs = this.#nowMs();
      });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#chasing);
    await this.#sweeping?.catch(() => undefined);
    await this.#builder.close();
    this.#options.tables.close();
  }

  /** Program, tables and flows go; whoever calls this closes the driver, which lets go of them here. */
  async uninstall(): Promise<void> {
    // No look from here on: it would find the program gone, and attach it again.
    this.#closed = true;
    await this.#sweeping?.catch(() => undefined);
    this.#options.removeAll?.();
  }

  /** Asks for unknown neighbours and looks again shortly after, a few times. */
  #chase(tries: number): void {
    if (this.#closed || this.#options.lookAround === undefined || this.#chasing !== undefined) return;
    if (this.#look() === 0 || tries === 0) return;
    this.#chasing = setTimeout(() => {
      this.#chasing = undefined;
      this.#chase(tries - 1);
    }, CHASE_EVERY_MS);
    this.#chasing.unref();
  }

  /** How many neighbours stay unknown. */
  #look(): number {
    const { plane, lookAround, askNeighbours } = this.#options;
    this.#lookedMs = this.#nowMs();
    lookAround?.();
    const unknown = plane.refreshHops();
    if (unknown.length > 0) askNeighbours?.(unknown);
    return unknown.length;
  }

  #housekeep(): void {
    const { plane, tables, lookAround } = this.#options;
    const now = this.#nowMs();
    plane.closeWindows(tables.windowTicks);
    if (lookAround !== undefined && !this.#closed) {
      // A route may lead to somebody whom the kernel does not know yet.
      if (this.#isNews) {
        // Nor does it wait until somebody was asked for the last time.
        clearTimeout(this.#chasing);
        this.#chasing = undefined;
        this.#chase(CHASE_TRIES);
      } else if (now - this.#lookedMs >= LOOK_EVERY_MS) this.#look();
      this.#isNews = false;
    }
    if (now - this.#sweptMs >= SWEEP_EVERY_MS && this.#sweeping === undefined) {
      this.#sweptMs = now;
      // A failed walk costs accuracy, not traffic: limits stop binding and the next walk tries again.
      this.sweep().catch(() => undefined);
    }
  }
}

// Keeps the drains between rounds, and gives the very same World again while nothing about them changed.

import { memberItemKey } from '../model/keys.ts';
import type { World } from '../model/world.ts';
import { type Drain, type Drains, nextDrainEndMs, startDrains, updateDrains, withDrains } from './drains.ts';

export class DrainKeeper {
  #drains: Drains;
  /** World before drains were put in, of the round before. */
  #base: World | undefined;
  #memo: { readonly base: World; readonly inForce: string; readonly world: World } | undefined;

  constructor(drains: readonly Drain[]) {
    this.#drains = new Map(drains.map((drain) => [memberItemKey(drain.listener, drain.member.key), drain]));
  }

  apply(base: World, nowMs: number): World {
    this.#drains = updateDrains(this.#drains, this.#base, base, nowMs);
    this.#base = base;
    if (this.#drains.size === 0) return base;
    const inForce = [...this.#drains]
      .filter(([, drain]) => drain.untilMs === undefined || drain.untilMs > nowMs)
      .map(([key]) => key)
      .join('\n');
    if (this.#memo?.base === base && this.#memo.inForce === inForce) return this.#memo.world;
    const world = withDrains(base, this.#drains, nowMs, 'in-force');
    this.#memo = { base, inForce, world };
    return world;
  }

  /** The World as apply() would give it, and nothing remembered of it. */
  preview(base: World, nowMs: number): World {
    const drains = updateDrains(this.#drains, this.#base, base, nowMs);
    return drains.size === 0 ? base : withDrains(base, drains, nowMs, 'in-force');
  }

  /** The World with every drain a guard has let pass, ended or not. */
  agreed(base: World, nowMs: number): World {
    return withDrains(base, this.#drains, nowMs, 'agreed');
  }

  start(held: readonly string[], nowMs: number): void {
    if (this.#base !== undefined) this.#drains = startDrains(this.#drains, this.#base, held, nowMs);
  }

  nextEndMs(nowMs: number): number | undefined {
    return nextDrainEndMs(this.#drains, nowMs);
  }

  /** Another map whenever something about a drain changed. */
  get current(): Drains {
    return this.#drains;
  }
}

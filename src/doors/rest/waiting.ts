// What a configuration that is in force has not brought about yet: steps that guards hold, members that still drain.
import type { Control } from '../../engine/control.ts';
import { heldSteps } from '../../plan/guard.ts';

export interface Waiting {
  readonly held: number;
  readonly guards: readonly string[];
  readonly draining: number;
  readonly drainedByMs?: number;
}

/** Undefined where nothing waits. */
export function waitingIn(control: Pick<Control, 'plan' | 'drains'>, nowMs: number): Waiting | undefined {
  const plan = control.plan();
  const held = plan === undefined ? 0 : heldSteps(plan).size;
  // One of several listeners drains once; what a guard holds has no end yet.
  const ends = new Map<string, number>();
  for (const { member, untilMs = 0 } of control.drains().values())
    if (untilMs > nowMs) ends.set(member.key, Math.max(untilMs, ends.get(member.key) ?? 0));
  if (held + ends.size === 0) return undefined;
  return {
    held,
    guards: plan?.guards.map(({ message }) => message) ?? [],
    draining: ends.size,
    ...(ends.size === 0 ? {} : { drainedByMs: Math.max(...ends.values()) }),
  };
}

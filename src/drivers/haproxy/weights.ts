// Our weights of 0 to 65535 on HAProxy's scale of 0 to 256.
import type { WorldMember } from '../../model/world.ts';

export const MAX_WEIGHT = 256;

/**
 * The largest configured weight of a pool decides the scale, not the effective ones: a member that ramps up must not
 * move all the others. Up to 256 nothing is scaled. What is not zero stays at least 1.
 */
export function weightScale(members: readonly WorldMember[]): number {
  let most = 0;
  for (const { weight, effectiveWeight } of members) most = Math.max(most, weight, effectiveWeight);
  return most <= MAX_WEIGHT ? 1 : MAX_WEIGHT / most;
}

export function scaleWeight(weight: number, scale: number): number {
  return weight <= 0 ? 0 : Math.max(1, Math.min(MAX_WEIGHT, Math.round(weight * scale)));
}

// Slow start: a member that comes back gets its weight in steps, from a tenth to all of it.

/** Steps rather than a line: each change of weight is a call to the kernel. */
export const RAMP_STEPS = 10;

/** Share of the weight `elapsedMs` after recovery; 1 once slow start is over or off. */
export function rampAt(elapsedMs: number, slowStartMs: number): number {
  if (slowStartMs <= 0 || elapsedMs >= slowStartMs) return 1;
  const done = Math.floor((Math.max(0, elapsedMs) / slowStartMs) * RAMP_STEPS);
  return (done + 1) / RAMP_STEPS;
}

/** How long until the share changes again; undefined once it is 1 for good. */
export function nextRampMs(elapsedMs: number, slowStartMs: number): number | undefined {
  if (rampAt(elapsedMs, slowStartMs) >= 1) return undefined;
  const stepMs = slowStartMs / RAMP_STEPS;
  return stepMs - (Math.max(0, elapsedMs) % stepMs);
}

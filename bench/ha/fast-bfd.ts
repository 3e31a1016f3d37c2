// Waits until BFD sessions agreed on their timers: what comes before would measure those they begin with.
import type { LabFrr } from '../../lab/frr.ts';
import { until } from '../../lab/until.ts';

const EVERY_MS = 50;

export async function fastBfd(...sides: readonly (readonly [LabFrr, peer: string])[]): Promise<void> {
  for (const [frr, peer] of sides) await until('fast timers', () => frr.hasFastBfd(peer, EVERY_MS), 60_000);
}

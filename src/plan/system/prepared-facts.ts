// Facts of a machine once it is prepared for a configuration: every engine is there that its kernel can have.
import type { Facts } from '../../model/facts.ts';
import type { Intent } from '../../model/intent.ts';
import { ALL_ENGINES, assumedFacts } from '../assumed-facts.ts';
import { resolve } from '../resolve.ts';

/** Listeners that may choose do without IPVS where the kernel has none; who names it shall be told what is missing. */
export function preparedFacts(intent: Intent, nowMs: number, kernelHasIpvs: boolean): Facts {
  const all = assumedFacts(intent, nowMs);
  if (kernelHasIpvs) return all;
  const ipvs = { available: false, why: 'this kernel has no module ip_vs' };
  const without = assumedFacts(intent, nowMs, { ...ALL_ENGINES, ipvs });
  const served = (facts: Facts): number => resolve(intent, facts).listeners.length;
  return served(without) === served(all) ? without : all;
}

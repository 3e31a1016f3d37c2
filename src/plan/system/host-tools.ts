// What the commands about this machine itself ask of it: `system`, `realserver`, `doctor`.
import type { StepResult } from '../../model/driver.ts';
import type { Plan } from '../../model/plan.ts';
import type { Evidence } from '../doctor/evidence.ts';
import type { Need } from '../doctor/need.ts';
import type { Wanted } from './balancer-items.ts';
import type { RealServerFacts } from './real-server.ts';

/** Whose settings: each keeps its own originals, so that reverting one leaves the other. */
export type SettingsOwner = 'system' | 'realserver';

export interface HostTools {
  planSettings(owner: SettingsOwner, wanted: Wanted): Plan;
  /** Saves what was there before, then does the steps. Exactly one result per step. */
  applySettings(owner: SettingsOwner, wanted: Wanted, plan: Plan): readonly StepResult[];
  realServerFacts(): RealServerFacts;
  /** Loaded, or there to be loaded. */
  hasModule(name: string): boolean;
  gatherEvidence(need: Need): Promise<Evidence>;
}

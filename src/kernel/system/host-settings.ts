// The round of one command over a machine's settings: observe, plan, save what was there, apply.
import type { StepResult } from '../../model/driver.ts';
import type { ItemMap } from '../../model/item.ts';
import type { Plan } from '../../model/plan.ts';
import type { Host } from '../../plan/system/host.ts';
import { itemsToObserve, planHost } from '../../plan/system/host-plan.ts';
import {
  EMPTY_STATE,
  forgetRestored,
  formatState,
  type HostState,
  parseState,
  rememberOriginals,
} from '../../plan/system/host-state.ts';
import { applyHostSteps } from './apply-host-plan.ts';
import { observeHost } from './observe-host.ts';

export interface HostSettingsTarget {
  /** Driver name shown in steps: `system`, `realserver`. */
  readonly name: string;
  /** Where the originals are kept. */
  readonly stateFile: string;
}

export function readHostState(host: Host, target: HostSettingsTarget): HostState {
  const file = host.readFile(target.stateFile);
  return file === undefined ? EMPTY_STATE : parseState(file.content);
}

export function planHostSettings(
  host: Host,
  target: HostSettingsTarget,
  wanted: ItemMap,
  notes: readonly string[],
): Plan {
  const state = readHostState(host, target);
  const observed = observeHost(host, itemsToObserve(wanted, state));
  return planHost(target.name, wanted, observed, state, notes);
}

/** The originals are on disk before the first change, so that a crash in between can still be reverted. */
export function applyHostSettings(
  host: Host,
  target: HostSettingsTarget,
  wanted: ItemMap,
  plan: Plan,
): readonly StepResult[] {
  const state = rememberOriginals(readHostState(host, target), plan.steps);
  if (plan.steps.length > 0) saveState(host, target, state);
  const results = applyHostSteps(host, plan.steps);
  const failed = new Set(results.filter((result) => !result.ok).map((result) => result.step.item.key));
  saveState(host, target, forgetRestored(state, wanted, failed));
  return results;
}

function saveState(host: Host, target: HostSettingsTarget, state: HostState): void {
  if (state.originals.length === 0) host.removeFile(target.stateFile);
  else host.writeFile(target.stateFile, { content: formatState(state), mode: '0600' });
}

// The role of one group over time: follows the verdict, counts epochs, damps flapping. Pure: a state in, a state out.
import type { RoleFact } from '../../model/facts.ts';
import type { Role } from '../../model/protocol.ts';
import type { Reason } from '../../model/reason.ts';
import { afterLoss, CALM, type Damping, delayMs } from './damping.ts';
import type { Verdict } from './decide.ts';

export interface RoleState {
  readonly role: Role;
  readonly epoch: number;
  readonly reason: Reason;
  readonly detail: string;
  readonly sinceMs: number;
  readonly damping: Damping;
  /** Since when the verdict asks for active while damping holds it back. */
  readonly wantedSinceMs?: number;
}

export interface RoleStep {
  readonly state: RoleState;
  /** Role, epoch or reason is another: to be told. */
  readonly changed: boolean;
  /** When to look again although nothing may come in. */
  readonly wakeAtMs?: number;
}

/** `active` where the addresses are here already: a restart of ours moves nothing. */
export function initialState(
  epoch: number,
  nowMs: number,
  role: 'active' | 'standby' = 'standby',
): RoleState {
  return {
    role,
    epoch,
    reason: role === 'active' ? 'Active' : 'Standby',
    detail: 'starting',
    sinceMs: nowMs,
    damping: CALM,
  };
}

/** `seenEpoch` is the highest that any node was heard to claim. */
export function advance(state: RoleState, verdict: Verdict, nowMs: number, seenEpoch = 0): RoleStep {
  // An elector that came back with an old epoch speaks for a past that is over.
  if (verdict.epoch !== undefined && verdict.epoch < state.epoch && verdict.role === 'active')
    return settle(
      state,
      { ...verdict, role: 'standby', reason: 'Standby', detail: staleLease(state, verdict) },
      nowMs,
    );
  if (verdict.role !== 'active' || state.role === 'active') return settle(state, verdict, nowMs);

  const wantedSinceMs = state.wantedSinceMs ?? nowMs;
  const dueMs =
    wantedSinceMs + (verdict.done || verdict.urgent === true ? 0 : delayMs(state.damping, wantedSinceMs));
  if (nowMs < dueMs) {
    const held = {
      ...verdict,
      role: 'standby',
      reason: 'Damped',
      detail: 'the role changed too often',
    } as const;
    const step = settle(state, held, nowMs);
    return { ...step, state: { ...step.state, wantedSinceMs }, wakeAtMs: dueMs };
  }
  const epoch = verdict.epoch ?? Math.max(state.epoch, seenEpoch) + 1;
  return {
    state: {
      role: 'active',
      epoch,
      reason: verdict.reason,
      detail: verdict.detail,
      sinceMs: nowMs,
      damping: state.damping,
    },
    changed: true,
    ...wake(verdict),
  };
}

export function toRoleFact(state: RoleState): RoleFact {
  return { role: state.role, epoch: state.epoch, reason: state.reason };
}

/** Takes over the verdict where no delay applies; time and epoch stay unless the role is another. */
function settle(state: RoleState, verdict: Verdict, nowMs: number): RoleStep {
  const moved = state.role !== verdict.role;
  const fails = verdict.role === 'fault' || verdict.fails === true;
  const epoch = Math.max(state.epoch, verdict.epoch ?? 0);
  const next: RoleState = {
    role: verdict.role,
    epoch,
    reason: verdict.reason,
    detail: verdict.detail,
    sinceMs: moved ? nowMs : state.sinceMs,
    // Who gives way to a better node, or to an operator, does not flap: who fails does.
    damping: state.role === 'active' && fails ? afterLoss(state.damping, nowMs) : state.damping,
  };
  const changed = moved || state.reason !== verdict.reason || state.epoch !== epoch;
  return { state: next, changed, ...wake(verdict) };
}

function wake(verdict: Verdict): { wakeAtMs?: number } {
  return verdict.untilMs === undefined ? {} : { wakeAtMs: verdict.untilMs };
}

function staleLease(state: RoleState, verdict: Verdict): string {
  return `the elector speaks of epoch ${verdict.epoch}, which is before ${state.epoch}`;
}

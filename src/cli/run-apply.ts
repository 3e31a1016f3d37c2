// What `lbctl apply` does: observe, plan, apply, observe again, and say honestly what came of it.
import type { Command } from 'commander';
import type { StepResult } from '../model/driver.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { UnplacedListener } from '../model/world.ts';
import { heldSteps } from '../plan/guard.ts';
import { withoutPlace } from '../plan/make-plan.ts';
import { paint } from '../plan/paint.ts';
import { planToJson } from '../plan/plan-json.ts';
import { renderItems } from '../plan/render-items.ts';
import { renderPlan } from '../plan/render-plan.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import type { ApplyOptions } from './commands/apply.ts';
import { exitCodeOf } from './exit-code.ts';
import { requireNoDaemon } from './find-daemon.ts';
import { loadIntent } from './load-intent.ts';
import { toOutput } from './output.ts';
import { observeAll, planOnce, worldOf } from './plan-once.ts';
import type { Session } from './session.ts';

type Failed = Extract<StepResult, { ok: false }>;

export async function runApply(options: ApplyOptions, session: Session, command: Command): Promise<void> {
  const { toolbox } = session;
  const choice = options.engineOverride === 'memory' ? 'memory' : 'machine';
  const intent = await loadIntent(session, command, choice === 'machine' ? 'needed' : 'wished');
  if (choice === 'machine')
    await requireNoDaemon(
      session,
      command,
      'Change the files and run "lbctl reload", or stop the daemon first',
    );
  const planes = await toolbox.openPlanes(choice, intent);
  try {
    const asked = { engine: options.engineOverride, nowMs: toolbox.nowMs() };
    const before = await observeAll(planes.drivers, worldOf(intent, planes, asked));
    const { world, plan } = planOnce(intent, planes, before, {
      ...asked,
      confirmed: options.force === true,
      roles: choice === 'machine' ? 'observed' : 'assumed',
    });
    const results = await toolbox.applyPlan(planes, plan);
    const after = await observeAll(planes.drivers);
    const outcome = outcomeOf(plan, results, withoutPlace(world));
    if (options.output === 'table')
      session.print(textOf(plan, outcome, after, session.colour(command), toolbox.stdout.columns));
    else session.print(await toOutput(options.output, dataOf(plan, outcome, after)));
    session.exitCode = outcome.error === undefined ? 0 : exitCodeOf(outcome.error);
  } finally {
    await planes.close();
  }
}

interface Outcome {
  readonly applied: number;
  readonly failed: readonly Failed[];
  readonly held: number;
  /** What the command ends with; absent when all is as wanted. */
  readonly error?: ErrorCode;
}

export function outcomeOf(
  plan: Plan,
  results: readonly StepResult[],
  unplaced: readonly UnplacedListener[] = [],
): Outcome {
  const failed = results.filter((result): result is Failed => !result.ok);
  const held = heldSteps(plan).size;
  const base = { applied: results.length - failed.length, failed, held };
  const [first] = failed;
  if (first !== undefined) return { ...base, error: first.error.code };
  if (plan.conflicts.length > 0) return { ...base, error: 'CONFLICT' };
  if (unplaced.length > 0) return { ...base, error: 'ENGINE_UNAVAILABLE' };
  return held > 0 ? { ...base, error: 'GUARD_HELD' } : base;
}

export function textOf(
  plan: Plan,
  outcome: Outcome,
  after: Snapshot,
  colour: boolean,
  width: number,
): string {
  const ink = paint(colour);
  const lines = [renderPlan(plan, { colour, width })];
  for (const { step, error } of outcome.failed)
    lines.push(`${ink.red('failed')} ${step.id}: ${error.message}\n  hint: ${error.hint}\n`);
  const parts = [`${outcome.applied} done`, `${outcome.failed.length} failed`];
  if (outcome.held > 0) parts.push(`${outcome.held} held back (--force applies them)`);
  lines.push(`${ink.bold('Applied')}: ${parts.join(', ')}\n`);
  for (const [driver, { items }] of after)
    if (items.size > 0) lines.push(`\n${ink.bold(`Observed on ${driver}:`)}\n${renderItems(items)}`);
  return lines.join('');
}

export function dataOf(plan: Plan, outcome: Outcome, after: Snapshot): unknown {
  return {
    plan: planToJson(plan),
    applied: outcome.applied,
    held: outcome.held,
    failed: outcome.failed.map(({ step, error }) => ({ step: step.id, error: error.toJSON() })),
    observed: Object.fromEntries([...after].map(([driver, { items }]) => [driver, [...items.values()]])),
  };
}

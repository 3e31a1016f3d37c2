// Plans, applies or reverts settings of this machine, and tells what came of every step. Shared by `system` and `realserver`.
import type { Command } from 'commander';
import type { StepResult } from '../model/driver.ts';
import { paint } from '../plan/paint.ts';
import { planToJson } from '../plan/plan-json.ts';
import type { Wanted } from '../plan/system/balancer-items.ts';
import type { SettingsOwner } from '../plan/system/host-tools.ts';
import { renderHostPlan } from '../plan/system/render-host-plan.ts';
import { exitCodeOf } from './exit-code.ts';
import { type OutputFormat, toOutput } from './output.ts';
import type { Session } from './session.ts';

export interface HostSettingsOptions {
  readonly output: OutputFormat;
  readonly detailedExitcode?: boolean;
}

type Failed = Extract<StepResult, { ok: false }>;

/** Nothing wanted: all that was changed goes back. */
export const NOTHING: Wanted = {
  items: new Map(),
  notes: ['Kernel modules stay loaded until the next boot: unloading ip_vs would drop its table'],
};

export async function planHostSettings(
  owner: SettingsOwner,
  wanted: Wanted,
  options: HostSettingsOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const plan = (await session.toolbox.openHost()).planSettings(owner, wanted);
  if (options.output === 'table') session.print(renderHostPlan(plan, session.colour(command)));
  else session.print(await toOutput(options.output, planToJson(plan)));
  if (options.detailedExitcode === true && plan.steps.length > 0) session.exitCode = 3;
}

export async function applyHostSettings(
  owner: SettingsOwner,
  wanted: Wanted,
  options: HostSettingsOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const host = await session.toolbox.openHost();
  const plan = host.planSettings(owner, wanted);
  const results = host.applySettings(owner, wanted, plan);
  const failed = results.filter((result): result is Failed => !result.ok);
  if (options.output === 'table') {
    const colour = session.colour(command);
    const ink = paint(colour);
    session.print(renderHostPlan(plan, colour));
    for (const { step, error } of failed)
      session.print(`${ink.red('failed')} ${step.id}: ${error.message}\n  hint: ${error.hint}\n`);
    session.print(
      `${ink.bold('Applied')}: ${results.length - failed.length} done, ${failed.length} failed\n`,
    );
  } else {
    const failures = failed.map(({ step, error }) => ({ step: step.id, error: error.toJSON() }));
    session.print(
      await toOutput(options.output, {
        plan: planToJson(plan),
        applied: results.length - failed.length,
        failed: failures,
      }),
    );
  }
  const [first] = failed;
  if (first !== undefined) session.exitCode = exitCodeOf(first.error.code);
}

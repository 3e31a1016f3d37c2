// A way back as a person takes it: first the plan, then, with --yes, the rollback or restore itself.
import type { Command } from 'commander';
import type { Diagnostic } from '../model/diagnostic.ts';
import { paint } from '../plan/paint.ts';
import { type PlanJson, planFromJson } from '../plan/plan-json.ts';
import { renderPlan } from '../plan/render-plan.ts';
import { word } from './client.ts';
import { changeBody, ROUND_MS, trialText } from './commands/control.ts';
import type { BackOptions } from './commands/history.ts';
import { findDaemon } from './find-daemon.ts';
import { toOutput } from './output.ts';
import type { Session } from './session.ts';
import { numberOf } from './tell-history.ts';

export interface BackTarget {
  readonly kind: 'revision' | 'snapshot';
  readonly name: string;
}

interface PlannedAnswer {
  readonly hash: string;
  readonly plan: PlanJson;
  readonly diagnostics: readonly Diagnostic[];
}

export async function goBack(
  target: BackTarget,
  options: BackOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const isSnapshot = target.kind === 'snapshot';
  const wanted = isSnapshot ? { snapshot: target.name } : { revision: await numberOf(target.name, client) };
  const planned = await client.call<PlannedAnswer>('POST', '/v1/plans', {
    body: wanted,
    timeoutMs: ROUND_MS,
  });
  const isTable = options.output === 'table';
  if (isTable) {
    await session.warn(planned.diagnostics, command);
    const width = session.toolbox.stdout.columns;
    session.print(renderPlan(planFromJson(planned.plan), { colour: session.colour(command), width }));
  }
  if (options.yes !== true) {
    if (isTable)
      session.tell(`${paint(session.colour(command, 'stderr')).dim('nothing is changed; --yes does it')}\n`);
    else session.print(await toOutput(options.output, planned));
    return;
  }
  const path = isSnapshot
    ? `/v1/snapshots/${word(target.name)}/restore`
    : `/v1/revisions/${wanted.revision}/rollback`;
  const body = changeBody(options);
  const done = await client.call<{ revision: number }>('POST', path, { body, timeoutMs: ROUND_MS });
  if (options.output !== 'table') {
    session.print(await toOutput(options.output, { ...planned, ...done }));
    return;
  }
  session.print(
    `${target.kind} ${wanted.revision ?? target.name} is in force as revision ${done.revision}\n${trialText(options)}`,
  );
}

// lbctl plan: what would change, without changing it.
import { type Command, Option } from 'commander';
import { InputError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';
import { ENGINES, type Engine } from '../../model/protocol.ts';
import { examples } from '../examples.ts';
import { loadIntent } from '../load-intent.ts';
import { type OutputFormat, outputOption, toOutput } from '../output.ts';
import type { Session } from '../session.ts';
import type { Planes } from '../toolbox.ts';

interface PlanOptions {
  readonly output: OutputFormat;
  readonly against?: string;
  readonly engineOverride?: Exclude<Engine, 'auto'>;
  readonly detailedExitcode?: boolean;
}

export function engineOption(): Option {
  return new Option('--engine-override <engine>', 'put every listener on this engine').choices(
    ENGINES.filter((engine) => engine !== 'auto'),
  );
}

export function addPlan(program: Command, session: Session): void {
  program
    .command('plan')
    .summary('show what would change')
    .description(
      'Show what would change, without changing it. Checks are assumed to pass and this node to be active. Compares with ' +
        'this machine, or with "memory" (an empty one), or with a snapshot FILE that "lbctl show items" wrote.',
    )
    .addOption(outputOption())
    .option('--against <memory|file>', 'compare with an empty machine, or with a snapshot')
    .addOption(engineOption())
    .option('--detailed-exitcode', 'exit 3 when there are differences')
    .addHelpText(
      'after',
      examples([
        ['lbctl plan -c web.yaml --against memory', 'all of it, as on an empty machine'],
        ['lbctl show items -c old.yaml > old.json', 'then: lbctl plan -c new.yaml --against old.json'],
        ['lbctl plan --detailed-exitcode -o json', 'for scripts'],
      ]),
    )
    .action((options: PlanOptions, command: Command) => run(options, session, command));
}

async function run(options: PlanOptions, session: Session, command: Command): Promise<void> {
  const { toolbox } = session;
  const intent = await loadIntent(session, command);
  const { planOnce } = await import('../plan-once.ts');
  const { withoutPlace } = await import('../../plan/make-plan.ts');
  const { planes, observed } = await target(options, session, intent);
  try {
    const { world, plan } = planOnce(intent, planes, observed, {
      engine: options.engineOverride,
      confirmed: false,
      nowMs: toolbox.nowMs(),
      roles: isMachine(options) ? 'observed' : 'assumed',
    });
    if (options.output === 'table') {
      const { renderPlan } = await import('../../plan/render-plan.ts');
      session.print(renderPlan(plan, { colour: session.colour(command), width: toolbox.stdout.columns }));
    } else {
      const { planToJson } = await import('../../plan/plan-json.ts');
      session.print(await toOutput(options.output, planToJson(plan)));
    }
    if (plan.conflicts.length > 0) session.exitCode = 5;
    else if (withoutPlace(world).length > 0) {
      session.exitCode = 1;
      if (options.output === 'table')
        session.tell(
          `Not every listener has a place; "--against memory" plans as if every engine were there\n`,
        );
    } else if (options.detailedExitcode === true && plan.steps.length > 0) session.exitCode = 3;
  } finally {
    await planes.close();
  }
}

function isMachine(options: PlanOptions): boolean {
  return options.against === undefined && options.engineOverride !== 'memory';
}

/** Which drivers plan, and what they are compared with. */
async function target(
  options: PlanOptions,
  session: Session,
  intent: Intent,
): Promise<{ planes: Planes; observed: Awaited<ReturnType<typeof import('../plan-once.ts').observeAll>> }> {
  const { toolbox } = session;
  const { observeAll, requireKnownDrivers, worldOf } = await import('../plan-once.ts');
  if (options.against !== undefined) {
    const planes = await toolbox.openPlanes('paper');
    if (options.against === 'memory') return { planes, observed: new Map() };
    const { readSnapshot } = await import('../../plan/snapshot.ts');
    const read = readSnapshot(await toolbox.readText(options.against));
    if (!read.ok)
      throw new InputError('USAGE', read.faults.join('; '), {
        hint: 'Name a file that "lbctl show items" wrote, or "memory"',
        details: { faults: read.faults },
      });
    requireKnownDrivers(read.snapshot, planes, options.against);
    return { planes, observed: read.snapshot };
  }
  const planes = await toolbox.openPlanes(isMachine(options) ? 'look' : 'memory', intent);
  try {
    const asked = { engine: options.engineOverride, nowMs: toolbox.nowMs() };
    return { planes, observed: await observeAll(planes.drivers, worldOf(intent, planes, asked)) };
  } catch (error) {
    await planes.close();
    throw error;
  }
}

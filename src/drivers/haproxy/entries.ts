// Steps of entries: the file first, so that a reload cannot lose them, then the running worker. Each may be done twice.
import { type LbError, OpError } from '../../model/errors.ts';
import type { Step } from '../../model/plan.ts';
import { refused, toError } from './apply.ts';
import { toCommand } from './command-line.ts';
import { backendOf, type Entries, type List, placeOf, readList, writeList } from './lists.ts';
import type { Record } from './record.ts';
import type { ask } from './sockets.ts';
import type { WorkerState } from './worker-state.ts';

interface Due {
  readonly step: Step;
  readonly list: List;
  readonly value: string;
  readonly command: string | undefined;
}

export async function changeEntries(
  ports: { readonly ask: typeof ask; readonly socket: string },
  steps: readonly Step[],
  record: Record,
  state: WorkerState | undefined,
  errors: Map<Step, LbError>,
): Promise<void> {
  const due = dueSteps(steps, record, state, errors);
  if (due.length === 0) return;
  const before = new Map(due.map(({ list }) => [list.path, readList(list.path)]));
  try {
    rewrite(due, before, ({ step, list }) =>
      step.verb === 'remove' ? undefined : backendOf(step.item, list),
    );
  } catch (error) {
    for (const { step } of due) errors.set(step, toError(error, step));
    return;
  }
  const asked = due.filter(({ command }) => command !== undefined);
  try {
    const answers = await ports.ask(
      ports.socket,
      asked.map(({ command }) => command!),
    );
    asked.forEach(({ step }, index) => {
      const answer = answers[index]!.trim();
      if (answer !== '') errors.set(step, refused(step, answer, 'DRIVER_FAILED'));
    });
  } catch (error) {
    for (const { step } of asked) errors.set(step, toError(error, step));
  }
  const failed = due.filter(({ step }) => errors.has(step));
  rewrite(failed, new Map(failed.map(({ list }) => [list.path, readList(list.path)])), ({ list, value }) =>
    before.get(list.path)!.get(value),
  );
}

function dueSteps(
  steps: readonly Step[],
  record: Record,
  state: WorkerState | undefined,
  errors: Map<Step, LbError>,
): readonly Due[] {
  return steps.flatMap((step): Due[] => {
    const { list: name, value } = placeOf(step.item);
    const list = record.blocks.get(step.item.parent ?? '')?.lists.find((one) => one.name === name);
    if (list !== undefined) {
      const command = commandOf(step, list, value, state?.lists.get(list.path));
      return [{ step, list, value, command }];
    }
    // A list that a reload has taken away took its entries along.
    if (step.verb !== 'remove')
      errors.set(
        step,
        new OpError('NOT_FOUND', `Cannot apply "${step.id}" as no list "${name}" is there`, {
          op: 'apply',
          target: step.item.key,
        }),
      );
    return [];
  });
}

function commandOf(step: Step, list: List, value: string, live: Entries | undefined): string | undefined {
  const isRoute = list.kind === 'route';
  const what = `${isRoute ? 'map' : 'acl'} ${list.path} ${toCommand(value)}`;
  const there = live?.get(value);
  if (step.verb === 'remove') return there === undefined ? undefined : `del ${what}`;
  if (!isRoute) return there === undefined ? `add ${what}` : undefined;
  const backend = backendOf(step.item, list);
  if (there === backend) return undefined;
  return `${there === undefined ? 'add' : 'set'} ${what} ${backend}`;
}

/** Files hold afterwards what `to` says of each; undefined is no entry. */
function rewrite(
  due: readonly Due[],
  files: ReadonlyMap<string, Entries>,
  to: (one: Due) => string | undefined,
): void {
  const written = new Map([...files].map(([path, entries]) => [path, new Map(entries)]));
  for (const one of due) {
    const entries = written.get(one.list.path)!;
    const backend = to(one);
    if (backend === undefined) entries.delete(one.value);
    else entries.set(one.value, backend);
  }
  for (const [path, entries] of written) writeList(path, entries);
}

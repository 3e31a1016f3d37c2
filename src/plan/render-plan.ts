// A plan as a person reads it: grouped by listener, old and new values of what changes, then the sum, then what is in the way.
import type { Fields, FieldValue, Item } from '../model/item.ts';
import type { Conflict, GuardVerdict, Plan, Step, StepVerb } from '../model/plan.ts';
import { ADOPT_FIELD } from './diff.ts';
import { heldSteps } from './guard.ts';
import { compareText } from './order.ts';
import { type Paint, paint, wrapParts } from './paint.ts';

export interface RenderOptions {
  readonly colour: boolean;
  /** Columns; long lists of fields wrap. Default 100. */
  readonly width?: number;
}

/** Ids of held steps shown before "N more". */
const SHOWN_HELD = 5;

/** Letters of one value; the whole stands in the JSON form. */
const SHOWN_TEXT = 72;

const SIGNS: Readonly<Record<StepVerb, string>> = { add: '+', change: '~', adopt: '~', remove: '-' };

export function renderPlan(plan: Plan, options: RenderOptions): string {
  const ink = paint(options.colour);
  const width = Math.max(40, options.width ?? 100);
  const held = heldSteps(plan);
  const blocks = [...groupSteps(plan.steps)].map(([heading, steps]) =>
    [ink.bold(heading), ...steps.map((step) => renderStep(step, heading, held, ink, width))].join('\n'),
  );
  if (plan.notes.length > 0) blocks.push(plan.notes.map((note) => `Note: ${note}`).join('\n'));
  blocks.push(ink.bold(summaryLine(plan, held)));
  if (plan.conflicts.length > 0)
    blocks.push(['Conflicts:', ...plan.conflicts.map((one) => renderConflict(one, ink))].join('\n'));
  if (plan.guards.length > 0)
    blocks.push(['Held back:', ...plan.guards.map((one) => renderGuard(one, ink))].join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

/** `Plan: 3 to add, 1 to change, 2 to remove` */
export function summaryLine(plan: Plan, held: ReadonlySet<string> = heldSteps(plan)): string {
  if (plan.steps.length === 0) {
    const rest = plan.unchanged === 1 ? '1 object is as wanted' : `${plan.unchanged} objects are as wanted`;
    return `No changes: ${rest}`;
  }
  const count = (verb: StepVerb) => plan.steps.filter((step) => step.verb === verb).length;
  const parts = [`${count('add')} to add`, `${count('change')} to change`, `${count('remove')} to remove`];
  if (count('adopt') > 0) parts.push(`${count('adopt')} to adopt`);
  if (held.size > 0) parts.push(`${held.size} of them held`);
  return `Plan: ${parts.join(', ')}`;
}

/** Steps under the outermost item they belong to; listeners by key, then what stands alone. */
function groupSteps(steps: readonly Step[]): ReadonlyMap<string, readonly Step[]> {
  const parents = new Map<string, string>();
  for (const { driver, item } of steps)
    if (item.parent !== undefined) parents.set(`${driver} ${item.key}`, item.parent);
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const heading = headingOf(step, parents);
    const group = groups.get(heading);
    if (group === undefined) groups.set(heading, [step]);
    else group.push(step);
  }
  for (const group of groups.values()) group.sort((a, b) => compareText(a.item.key, b.item.key));
  return new Map([...groups].sort(([a], [b]) => headingRank(a) - headingRank(b) || compareText(a, b)));
}

function headingOf(step: Step, parents: ReadonlyMap<string, string>): string {
  if (step.item.kind === 'address') return `addresses  (${step.driver})`;
  let key = step.item.key;
  // Bounded: a chain longer than this is no tree of ours.
  for (let i = 0; i < 8; i++) {
    const parent = parents.get(`${step.driver} ${key}`);
    if (parent === undefined) break;
    key = parent;
  }
  const alone = key === step.item.key && step.item.kind !== 'listener';
  return alone ? `${step.item.kind}  (${step.driver})` : `${key}  (${step.driver})`;
}

function headingRank(heading: string): number {
  if (heading.startsWith('addresses  ')) return 1;
  return heading.includes('/') ? 0 : 2;
}

function renderStep(
  step: Step,
  heading: string,
  held: ReadonlySet<string>,
  ink: Paint,
  width: number,
): string {
  const { verb, item } = step;
  const colour = verb === 'add' ? ink.green : verb === 'remove' ? ink.red : ink.yellow;
  const label = item.kind === 'listener' ? 'listener' : `${item.kind} ${shortKey(item)}`;
  const indent = isDeep(item, heading) ? '    ' : '  ';
  const first = `${indent}${colour(SIGNS[verb])} ${colour(label)} `;
  const parts = fieldParts(step, ink);
  if (verb === 'adopt') parts.unshift('taken over from somebody else');
  if (step.how !== undefined) parts.push(ink.dim(`by ${step.how}`));
  if (held.has(step.id)) parts.push(ink.dim('held'));
  return parts.length === 0 ? first.trimEnd() : wrapParts(first, parts, '      ', width);
}

function fieldParts(step: Step, ink: Paint): string[] {
  const { verb, item, before } = step;
  // An address is told by its key.
  if (verb === 'remove' || (verb === 'add' && item.kind === 'address')) return [];
  if (verb === 'add')
    return Object.entries(item.fields)
      .filter(([name, value]) => isTelling(name, value))
      .map(([name, value]) => `${name} ${show(value)}`);
  return step.changes.map((name) => {
    const then = ink.dim(show(before?.[name]));
    return `${name} ${then} -> ${show(item.fields[name])}${remark(name, before, item.fields)}`;
  });
}

function remark(name: string, before: Fields | undefined, after: Fields): string {
  if (name !== 'weight' || after.weight === before?.weight) return '';
  if (after.weight === 0) return ' (no new flows)';
  return before?.weight === 0 ? ' (back in service)' : '';
}

/** A new object is told by what it is, not by everything it has not. */
function isTelling(name: string, value: FieldValue): boolean {
  if (name === ADOPT_FIELD) return false;
  return name === 'weight' || (value !== 0 && value !== false && value !== '');
}

function show(value: FieldValue | undefined): string {
  if (value === undefined) return 'none';
  if (typeof value !== 'string') return String(value);
  if (value === '') return '""';
  const quote = (text: string) => (/\s/.test(text) && !text.startsWith('{') ? JSON.stringify(text) : text);
  return value.length > SHOWN_TEXT ? `${quote(value.slice(0, SHOWN_TEXT - 3))}...` : quote(value);
}

/** Without what the heading, the indent or the kind already says. */
function shortKey({ kind, key, parent }: Item): string {
  if (parent === undefined || !key.startsWith(`${parent} `)) return key;
  const rest = key.slice(parent.length + 1);
  return rest.startsWith('> ')
    ? rest.slice(2)
    : rest.startsWith(`${kind} `)
      ? rest.slice(kind.length + 1)
      : rest;
}

/** Lives in something that itself lives in what the heading names. */
function isDeep(item: Item, heading: string): boolean {
  return item.parent !== undefined && !heading.startsWith(`${item.parent}  (`);
}

function renderConflict({ driver, wanted, found }: Conflict, ink: Paint): string {
  const what = `${wanted.kind} ${wanted.key}`;
  const { program } = found.fields;
  const cure =
    program === undefined
      ? 'made by somebody else; set "adopt: true" on the listener to take it over'
      : `${program} listens there; stop it, or choose another address or port`;
  return `  ${ink.red('!')} ${what} (${driver}): ${cure}`;
}

function renderGuard(verdict: GuardVerdict, ink: Paint): string {
  const shown = verdict.held.slice(0, SHOWN_HELD).map((id) => `      ${id}`);
  const more = verdict.held.length - shown.length;
  if (more > 0) shown.push(`      ${more} more`);
  return [`  ${ink.red('!')} ${verdict.message}`, ...shown].join('\n');
}

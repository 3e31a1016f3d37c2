// A plan for a machine's settings as a person reads it: values before and after, and for files the lines that change.
import type { FieldValue } from '../../model/item.ts';
import type { Plan, Step } from '../../model/plan.ts';
import { type Paint, paint } from '../paint.ts';
import { summaryLine } from '../render-plan.ts';
import { lineDiff } from './line-diff.ts';

const SIGNS = { add: '+', change: '~', adopt: '~', remove: '-' } as const;

export function renderHostPlan(plan: Plan, colour: boolean): string {
  const ink = paint(colour);
  const steps = plan.steps.flatMap((step) => renderStep(step, ink));
  const notes = plan.notes.map((note) => `Note: ${note}`);
  const blocks = [steps, notes, [ink.bold(summaryLine(plan))]].filter((lines) => lines.length > 0);
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderStep(step: Step, ink: Paint): readonly string[] {
  const { verb, item } = step;
  const colour = verb === 'add' ? ink.green : verb === 'remove' ? ink.red : ink.yellow;
  const first = `${colour(SIGNS[verb])} ${item.kind} ${item.key}`;
  const texts = textsOf(step);
  if (texts === undefined) return [verb === 'remove' ? first : `${first}${changesOf(step)}`];
  const lines = lineDiff(texts.before, texts.after).map((line) => {
    const paintLine = line.startsWith('+') ? ink.green : line.startsWith('-') ? ink.red : ink.dim;
    return `    ${paintLine(line)}`;
  });
  return [first, ...lines];
}

/** Files and nft tables are told by their lines. */
function textsOf({ verb, item, before }: Step): { before: string; after: string } | undefined {
  const field = item.kind === 'file' ? 'content' : item.kind === 'nft-table' ? 'rules' : undefined;
  if (field === undefined) return undefined;
  return {
    before: String(before?.[field] ?? ''),
    after: verb === 'remove' ? '' : String(item.fields[field] ?? ''),
  };
}

function changesOf({ verb, item, before, changes }: Step): string {
  const names = verb === 'change' ? changes : Object.keys(item.fields);
  const parts = names
    .filter((name) => verb === 'change' || !isObvious(item.fields[name]))
    .map((name) =>
      verb === 'change' ? `${before?.[name] ?? 'none'} -> ${item.fields[name]}` : item.fields[name],
    );
  return parts.length === 0 ? '' : `  ${parts.join(', ')}`;
}

function isObvious(value: FieldValue | undefined): boolean {
  return value === true;
}

// The order of steps: by phase, inside a phase parents before children on the way up and after them on the way down,
// then by driver and key. The rules stand in docs/protocols/plan-order.md.
import { PHASES, type Phase, type Step } from '../model/plan.ts';

const RANK: ReadonlyMap<Phase, number> = new Map(PHASES.map((phase, i) => [phase, i]));

export function orderSteps(steps: readonly Step[]): readonly Step[] {
  const byPhase = new Map<Phase, Step[]>();
  for (const step of steps) {
    const group = byPhase.get(step.phase);
    if (group === undefined) byPhase.set(step.phase, [step]);
    else group.push(step);
  }
  const phases = [...byPhase.keys()].sort((a, b) => RANK.get(a)! - RANK.get(b)!);
  return phases.flatMap((phase) => orderPhase(byPhase.get(phase)!));
}

interface Ranked {
  readonly step: Step;
  readonly depth: number;
}

function orderPhase(steps: readonly Step[]): readonly Step[] {
  const inPhase = new Map(steps.map((step) => [placeOf(step.driver, step.item.key), step]));
  const ranked = steps.map((step): Ranked => {
    const depth = depthOf(step, inPhase);
    // Removals first: what is gone makes room. Among them the deepest first.
    return { step, depth: step.verb === 'remove' ? -1 - depth : depth };
  });
  return ranked.sort(compareRanked).map(({ step }) => step);
}

function compareRanked(a: Ranked, b: Ranked): number {
  return (
    a.depth - b.depth ||
    compareText(a.step.driver, b.step.driver) ||
    compareText(a.step.item.key, b.step.item.key) ||
    compareText(a.step.id, b.step.id)
  );
}

/** How many ancestors have a step in the same phase. Bounded by the set of seen steps, so a cycle cannot hang it. */
function depthOf(step: Step, inPhase: ReadonlyMap<string, Step>): number {
  const seen = new Set<Step>();
  let at: Step | undefined = step;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    at = at.item.parent === undefined ? undefined : inPhase.get(placeOf(at.driver, at.item.parent));
  }
  return seen.size - 1;
}

function placeOf(driver: string, key: string): string {
  return `${driver} ${key}`;
}

/** By code point: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Names that refer to nothing, with a guess at what was meant.
import { didYouMean } from '../../lib/did-you-mean.ts';
import type { Section } from '../merge.ts';
import type { Origin } from '../report.ts';
import type { CheckContext } from './context.ts';

/** Guessing compares with every name there is; beyond these counts it would cost more than it helps. */
const MOST_GUESSES = 50;
const MOST_NAMES = 5000;

export interface Referable {
  /** How a message calls it: `pool`. */
  readonly noun: string;
  readonly names: { has(name: string): boolean; keys(): Iterable<string> };
  /** Where such objects are written; what could not be read there is not called unknown. */
  readonly section: Section | 'ha';
}

/** Reports a name that is not there. True where it is there, or may be. */
export function checkReference(
  context: CheckContext,
  origin: Origin,
  name: string,
  { noun, names, section }: Referable,
): boolean {
  if (names.has(name)) return true;
  const { merged, report } = context;
  if (merged.unreadableBlocks.has(section)) return true;
  if (section !== 'ha' && merged.unreadable[section].has(name)) return true;
  const few = report.findings.length < MOST_GUESSES;
  const known = few ? [...names.keys()].slice(0, MOST_NAMES) : [];
  const near = didYouMean(name, known);
  report.add('unknown-reference', origin, `There is no ${noun} called "${name}"`, {
    hint:
      near !== undefined
        ? `Did you mean "${near}"?`
        : known.length > 0 && known.length <= 10
          ? `There are: ${known.join(', ')}`
          : undefined,
  });
  return false;
}

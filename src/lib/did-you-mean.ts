// The word a person probably meant: the nearest candidate by Damerau-Levenshtein distance, if it is near enough.

/** Nothing we compare is longer; keeps the cost of a hostile key small. */
const LONGEST = 64;

/** The nearest candidate, the first of equals, or undefined where none is near. Case, `-`, `_` and spaces count little. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  if (word === '' || word.length > LONGEST) return undefined;
  const plainWord = plain(word);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate === word || candidate.length > LONGEST) continue;
    const plainCandidate = plain(candidate);
    const limit = Math.min(allowed(plainWord, plainCandidate), bestDistance - 1);
    if (limit < 0 || Math.abs(plainWord.length - plainCandidate.length) > limit) continue;
    const distance = editDistance(plainWord, plainCandidate);
    if (distance > limit) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best ?? completion(plainWord, candidates);
}

/** Optimal string alignment: insert, delete, replace, or swap two neighbours, each costs one. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** One slip in a short word, one for every three letters of a long one: `drp` is not `tcp`. */
function allowed(word: string, candidate: string): number {
  const length = Math.max(word.length, candidate.length);
  return length <= 3 ? Math.min(1, Math.min(word.length, candidate.length) - 1) : Math.floor(length / 3);
}

/** `sched` for `scheduler`: a beginning of at least three letters that only one candidate has. */
function completion(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 3) return undefined;
  const starting = candidates.filter((candidate) => {
    const text = plain(candidate);
    return text !== word && text.startsWith(word);
  });
  return starting.length === 1 ? starting[0] : undefined;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '');
}

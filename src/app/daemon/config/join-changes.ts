// Several writes as the one revision they become: who, why, and the last word about each object.
import type { Change, ObjectEdit } from '../../../engine/config-port.ts';

const MOST_NAMED = 3;

export function joinChanges(changes: readonly Change[]): Change {
  return { author: list(changes.map((one) => one.author)), reason: list(changes.map((one) => one.reason)) };
}

function list(words: readonly string[]): string {
  const unique = [...new Set(words)];
  const more = unique.length - MOST_NAMED;
  return more > 0 ? `${unique.slice(0, MOST_NAMED).join(', ')} and ${more} more` : unique.join(', ');
}

export function lastOfEach(edits: readonly ObjectEdit[]): readonly ObjectEdit[] {
  return [...new Map(edits.map((edit) => [`${edit.kind}/${edit.name}`, edit])).values()];
}

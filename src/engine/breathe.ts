// A long round in slices: between two of its stages whoever waits for the thread, a reader of the API or a verdict of the checks,
// gets a turn.
import type { World } from '../model/world.ts';

/** Below this many listeners no stage takes a millisecond. */
const LARGE = 200;

export function breathe(): Promise<void> {
  return new Promise((resume) => setImmediate(resume));
}

export function isLarge({ listeners }: World): boolean {
  return listeners.length >= LARGE;
}

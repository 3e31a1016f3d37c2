// A daemon lives for months: how much memory it holds counts for more than how soon it has read its files.
import { setFlagsFromString } from 'node:v8';

const LONG_LIVED = new Set(['daemon', '--daemon']);

/**
 * To be called before anything is read. The heap then grows by what is used and not ahead of it; without this a configuration of
 * 10,000 members that takes 70 MB is held in 200. Threads that start later get small young generations.
 */
export function keepHeapSmall(words: readonly string[]): void {
  if (!words.some((word) => LONG_LIVED.has(word))) return;
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--max-semi-space-size=2');
}

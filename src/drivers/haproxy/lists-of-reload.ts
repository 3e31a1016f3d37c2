// Lists around a reload: those that HAProxy must find, and those that nothing names any more.
import { existsSync } from 'node:fs';
import { type FilledList, writeList } from './lists.ts';
import type { Record } from './record.ts';
import type { Block } from './record-types.ts';
import { removeFile } from './run-files.ts';
import type { WorkerState } from './worker-state.ts';

/** For a look at a candidate: what it holds decides nothing there, and those in force stay as they are. */
export function layNew(lists: readonly FilledList[]): void {
  for (const { path, entries } of lists) if (!existsSync(path)) writeList(path, entries);
}

/** HAProxy refuses a configuration whose lists are not there; what the worker holds of a lost one is what it was. */
export function layMissing(blocks: Iterable<Block>, state: WorkerState | undefined): void {
  for (const { lists } of blocks)
    for (const { path } of lists) if (!existsSync(path)) writeList(path, state?.lists.get(path) ?? new Map());
}

/** Takes away the files of lists that nothing names any more. */
export function dropUnnamed(before: Record, now: Record): void {
  const named = new Set(pathsOf(now));
  for (const path of pathsOf(before)) if (!named.has(path)) removeFile(path);
}

function pathsOf(record: Record): readonly string[] {
  return [...record.blocks.values()].flatMap(({ lists }) => lists.map(({ path }) => path));
}

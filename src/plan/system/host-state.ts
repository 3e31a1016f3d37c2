// What was there before we set it: kept on disk so that a revert, even much later, brings it back.
import type { Fields, ItemMap } from '../../model/item.ts';
import { type Item, item, itemMap } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';

export interface Original {
  readonly kind: string;
  readonly key: string;
  /** Null where nothing was there. */
  readonly fields: Fields | null;
}

export interface HostState {
  readonly version: 1;
  readonly originals: readonly Original[];
}

export const EMPTY_STATE: HostState = { version: 1, originals: [] };

/** Adds what these steps are about to change; the first original of a key is the one that counts. */
export function rememberOriginals(state: HostState, steps: readonly Step[]): HostState {
  const known = new Set(state.originals.map((one) => one.key));
  const added = steps
    .filter((step) => !known.has(step.item.key))
    .map(({ item, before }): Original => ({ kind: item.kind, key: item.key, fields: before ?? null }));
  return { version: 1, originals: [...state.originals, ...added] };
}

/** Drops what is no longer ours to restore: every key not wanted whose step was done, or that needed none. */
export function forgetRestored(
  state: HostState,
  wanted: ItemMap,
  failedKeys: ReadonlySet<string>,
): HostState {
  return {
    version: 1,
    originals: state.originals.filter((one) => wanted.has(one.key) || failedKeys.has(one.key)),
  };
}

/** Wanted items, and for what is wanted no more what was there before. */
export function withOriginals(wanted: ItemMap, state: HostState): ItemMap {
  const restored = state.originals.filter((one) => one.fields !== null && !wanted.has(one.key));
  const items: Item[] = [
    ...wanted.values(),
    ...restored.map(({ kind, key, fields }) => item(kind, key, fields!)),
  ];
  return itemMap(items);
}

export function parseState(text: string): HostState {
  const value = JSON.parse(text) as Partial<HostState>;
  if (value.version !== 1 || !Array.isArray(value.originals))
    throw new SyntaxError(
      `Cannot read saved originals as their version must be 1: current value is ${value.version}`,
    );
  return value as HostState;
}

export function formatState(state: HostState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

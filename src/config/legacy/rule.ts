// What a rewriting rule is, and the few verbs all of them are made of.
import type { Path } from '../source.ts';
import { type Entry, entryOf, has, type MapTree, type Origin, type Tree, take } from './tree.ts';

/** Something the older spelling says that cannot be carried over as it stands. */
export interface LegacyWarning {
  readonly severity: 'error' | 'warning';
  /** Stable id, as in Diagnostic. */
  readonly rule: 'legacy-conflict' | 'legacy-without-effect';
  /** As the person wrote it: give it to `locate`. */
  readonly path: Path;
  readonly what: 'key' | 'value';
  readonly message: string;
  readonly hint: string;
}

/** Who runs the rules listens here. */
export interface RuleLog {
  /** Same meaning in other words: shown by `lbctl fmt`. */
  changed(origin: Origin, message: string): void;
  warn(
    origin: Origin,
    rule: LegacyWarning['rule'],
    severity: LegacyWarning['severity'],
    message: string,
    hint: string,
  ): void;
  /** The entry leaves the tree and nothing takes its place; the formatter keeps it as a comment. */
  dropped(map: MapTree, index: number, entry: Entry): void;
}

/** Works in place on one map. Rules run in the order of their list. */
export type Rule = (map: MapTree, log: RuleLog) => void;

/** Gives a key its canonical name; a value is put into canonical words by `convert`, undefined leaving all as it is. */
export function renames(from: string, to: string, convert?: (value: Tree) => Tree | undefined): Rule {
  return (map, log) => {
    const entry = entryOf(map, from);
    if (entry === undefined) return;
    const value = convert === undefined ? entry.value : convert(entry.value);
    if (value === undefined) return;
    if (has(map, to)) {
      conflict(map, entry, to, log);
      return;
    }
    log.changed(entry.origin, `"${from}" is now "${to}"`);
    entry.key = to;
    entry.value = value;
  };
}

/** Two keys say the same thing: the canonical one counts, the person has to choose. */
export function conflict(map: MapTree, entry: Entry, canonical: string, log: RuleLog): void {
  take(map, entry.key);
  log.warn(
    entry.origin,
    'legacy-conflict',
    'error',
    `"${entry.key}" and "${canonical}" are the same setting`,
    `Remove "${entry.key}"`,
  );
}

export function drop(map: MapTree, key: string, log: RuleLog): Entry | undefined {
  const index = map.entries.findIndex((entry) => entry.key === key);
  if (index === -1) return undefined;
  const entry = take(map, key)!;
  log.dropped(map, index, entry);
  return entry;
}

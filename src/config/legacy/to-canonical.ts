// Older spellings of a file to the canonical language, remembering where everything was written.
import type { Path } from '../source.ts';
import { fromValue, toValue } from './plain-tree.ts';
import type { LegacyWarning, RuleLog } from './rule.ts';
import { mayBeLegacy, rewrite } from './rules.ts';
import { type Tree, toPath } from './tree.ts';

export interface Canonical {
  readonly value: unknown;
  /** Path in the canonical value -> path as written. What does not exist is looked for below its nearest ancestor. */
  origin(path: Path): Path;
  readonly warnings: readonly LegacyWarning[];
}

export function toCanonical(value: unknown, role: 'main' | 'included'): Canonical {
  if (!mayBeLegacy(value)) return { value, origin: (path) => path, warnings: [] };
  const root = fromValue(value);
  if (root.kind !== 'map') return { value, origin: (path) => path, warnings: [] };
  const warnings: LegacyWarning[] = [];
  rewrite(root, role, collectInto(warnings));
  return { value: toValue(root), origin: (path) => originOf(root, path), warnings };
}

function collectInto(warnings: LegacyWarning[]): RuleLog {
  return {
    changed() {},
    dropped() {},
    warn(origin, rule, severity, message, hint) {
      warnings.push({ severity, rule, path: toPath(origin), what: 'key', message, hint });
    },
  };
}

function originOf(root: Tree, path: Path): Path {
  let tree = root;
  for (let depth = 0; depth < path.length; depth++) {
    const step = path[depth]!;
    const last = depth === path.length - 1;
    if (tree.kind === 'map') {
      const entry = tree.entries.find((candidate) => candidate.key === String(step));
      if (entry === undefined) return [...toPath(tree.origin), ...path.slice(depth)];
      if (last) return toPath(entry.origin);
      tree = entry.value;
    } else if (tree.kind === 'list') {
      const item = tree.items[Number(step)];
      if (item === undefined) return [...toPath(tree.origin), ...path.slice(depth)];
      if (last) return toPath(item.origin);
      tree = item;
    } else {
      return toPath(tree.origin);
    }
  }
  return toPath(tree.origin);
}

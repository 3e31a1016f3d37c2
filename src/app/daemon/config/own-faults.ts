// What a caller of one project is told of faults and doubts of the whole configuration: those of its own objects, and of others
// no more than that they are in the way. Pure.
import { formatPath } from '../../../config/render-findings.ts';
import { OBJECT_KINDS, type ObjectEdit, type ObjectKind } from '../../../engine/config-port.ts';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import type { Intent } from '../../../model/intent.ts';
import { SECTION_OF } from './object-book.ts';
import type { Catalogue } from './object-catalogue.ts';

export interface Teller {
  readonly project: string;
  /** Of this caller, in this write. */
  readonly edits: readonly ObjectEdit[];
  /** In force: what the others have does not change by it. */
  readonly catalogue: Catalogue;
  readonly intent: Intent;
}

export function ownFaults(diagnostics: readonly Diagnostic[], teller: Teller): readonly Diagnostic[] {
  const places = ownPlaces(teller);
  const foreign = foreignWords(teller);
  const told: Diagnostic[] = [];
  const hidden = new Set<string>();
  for (const one of diagnostics) {
    const isOwn = places.some((place) => isBelow(one.path, place));
    const words = [one.message, one.value ?? '', one.hint ?? ''].join('\n');
    if (isOwn && !foreign.some((word) => hasWord(words, word))) told.push(one);
    else if (one.severity === 'error') hidden.add(one.rule);
  }
  return [...told, ...[...hidden].map(inTheWay)];
}

/** Which rule it is tells what to change, and nothing of whom. */
function inTheWay(rule: string): Diagnostic {
  return {
    severity: 'error',
    rule,
    path: '',
    message: `It does not go together with what this node has besides (${rule})`,
    hint: 'Choose another name, address, port or mark, or ask who runs the node',
  };
}

/** Through the API every object has a path by its name; what stands in a file has lines, which are of whoever wrote the file. */
function ownPlaces({ project, edits, catalogue }: Teller): readonly string[] {
  const standing = OBJECT_KINDS.flatMap((kind) => catalogue.list(kind))
    .filter((one) => one.project === project)
    .map(({ kind, name }) => ({ kind, name }));
  return [...standing, ...edits].map(({ kind, name }) => formatPath([SECTION_OF[kind], name]));
}

function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}

/** Names and addresses of others, but for those that the caller wrote itself. */
function foreignWords({ project, edits, catalogue, intent }: Teller): readonly string[] {
  const words = new Set<string>();
  for (const kind of OBJECT_KINDS)
    for (const one of catalogue.list(kind))
      if (one.project !== project) for (const word of wordsOf(kind, one.name, intent)) words.add(word);
  const written = JSON.stringify(edits);
  return [...words].filter((word) => !hasWord(written, word));
}

function wordsOf(kind: ObjectKind, name: string, { vips, pools }: Intent): readonly string[] {
  if (kind === 'vip') return [name, vips.get(name)?.address ?? name];
  if (kind !== 'pool') return [name];
  return [name, ...(pools.get(name)?.members ?? []).flatMap((member) => [member.name, member.address])];
}

/** Whole: "web" is not in "web2", 192.0.2.1 not in 192.0.2.10. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text[at - 1] ?? ' ', text[at + word.length] ?? ' '];
    if (!/[\w-]/.test(before) && !/[\w-]/.test(after)) return true;
  }
  return false;
}

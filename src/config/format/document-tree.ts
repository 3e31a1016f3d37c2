// YAML documents to the rewriting tree and back into the same nodes, so that comments, anchors and styles stay.
import { type Document, isMap, isNode, isPair, isScalar, isSeq, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { type Entry, type MapTree, type Origin, ROOT, type Tree } from '../legacy/tree.ts';
import { STYLE } from './layout.ts';

/** Where every pair that was read stands, to find what took its place. */
const ORIGINS = new WeakMap<object, Origin>();

/** Aliases are leaves: what they stand for is rewritten once, at its anchor. */
export function fromNode(node: unknown, origin: Origin = ROOT): Tree {
  if (isMap(node)) {
    const map: MapTree = { kind: 'map', origin, ref: node, entries: [] };
    for (const pair of node.items) {
      const key = keyOf(pair);
      const at: Origin = { up: origin, step: key };
      ORIGINS.set(pair, at);
      map.entries.push({ key, origin: at, ref: pair, value: fromNode(pair.value, at) });
    }
    return map;
  }
  if (isSeq(node)) {
    const items = node.items.map((item, step) => fromNode(item, { up: origin, step }));
    return { kind: 'list', origin, ref: node, items };
  }
  return {
    kind: 'scalar',
    origin,
    ref: node,
    value: isScalar(node) ? node.value : node === null ? null : undefined,
  };
}

/** Builds the document's content from a tree made by `fromNode`. */
export class NodeBuilder {
  readonly #document: Document;
  /** Pairs that stand somewhere in the result, or whose comments are looked after already. */
  readonly #kept = new Set<unknown>();
  /** Where a pair of the result was written, if it took the place of another. */
  readonly #made = new Map<Origin, Pair[]>();

  constructor(document: Document, alreadyKept: Iterable<unknown>) {
    this.#document = document;
    for (const pair of alreadyKept) this.#kept.add(pair);
  }

  build(root: MapTree): unknown {
    this.#collect(root);
    const map = this.#node(root) as YAMLMap;
    for (const [index, entry] of root.entries.entries()) {
      // What we add at the top stands apart, as the sections of people do.
      const key = map.items[index]?.key;
      if (entry.ref === undefined && index > 0 && isScalar(key)) key.spaceBefore = true;
    }
    return map;
  }

  #collect(tree: Tree): void {
    if (tree.kind === 'list') for (const item of tree.items) this.#collect(item);
    if (tree.kind !== 'map') return;
    for (const entry of tree.entries) {
      this.#kept.add(entry.ref);
      this.#collect(entry.value);
    }
  }

  #node(tree: Tree): unknown {
    if (tree.kind === 'scalar') return this.#scalar(tree.value, tree.ref);
    if (tree.kind === 'list') {
      const seq = isSeq(tree.ref) ? tree.ref : new YAMLSeq();
      seq.items = tree.items.map((item) => this.#node(item));
      // Short lists of our own making stand on one line, as people write them.
      if (!isSeq(tree.ref)) seq.flow = seq.items.every(isScalar);
      return seq;
    }
    const map = isMap(tree.ref) ? tree.ref : new YAMLMap();
    const before = isMap(tree.ref) ? tree.ref.items : [];
    map.items = tree.entries.map((entry) => this.#pair(entry));
    this.#keepComments(map, before);
    return map;
  }

  #scalar(value: unknown, ref: unknown): unknown {
    if (ref === undefined) return this.#document.createNode(value);
    if (!isScalar(ref) || ref.value === value) return ref;
    ref.value = value;
    delete ref.source;
    delete ref.type;
    delete ref.format;
    return ref;
  }

  #pair(entry: Entry): Pair {
    const value = this.#node(entry.value);
    if (!isPair(entry.ref)) {
      const made = new Pair(this.#document.createNode(entry.key), value);
      this.#made.set(entry.origin, [...(this.#made.get(entry.origin) ?? []), made]);
      return made;
    }
    const pair = entry.ref as Pair;
    if (keyOf(pair) !== entry.key)
      pair.key = this.#scalar(entry.key, isScalar(pair.key) ? pair.key : undefined);
    pair.value = value;
    return pair;
  }

  /** Comments of a pair that was folded into others go to what took its place, or to a neighbour. */
  #keepComments(map: YAMLMap, before: readonly Pair[]): void {
    let previous: Pair | undefined;
    for (const pair of before) {
      if (map.items.includes(pair)) previous = pair;
      if (this.#kept.has(pair)) continue;
      const comments = commentsOf(pair);
      if (comments.length === 0) continue;
      const at = previous === undefined ? 0 : map.items.indexOf(previous) + 1;
      const made = this.#made.get(ORIGINS.get(pair)!)?.find((each) => map.items.includes(each));
      const heir = made ?? map.items[at];
      if (heir !== undefined) prepend(heir, comments);
      else if (previous !== undefined) append(previous, comments);
      else map.comment = [...(map.comment ? [map.comment] : []), ...comments].join('\n');
    }
  }
}

function keyOf(pair: Pair): string {
  const key = pair.key;
  if (!isScalar(key)) return String(key);
  const isPlain = key.type === undefined || key.type === Scalar.PLAIN;
  return isPlain && key.source !== undefined ? key.source : String(key.value);
}

function prepend(pair: Pair, comments: readonly string[]): void {
  const key = pair.key;
  if (!isScalar(key) || comments.length === 0) return;
  key.commentBefore = [...comments, ...(key.commentBefore ? [key.commentBefore] : [])].join('\n');
}

/** Beside a value, on its line: a comment below the last entry would draw the comments of the next section to itself. */
function append(pair: Pair, comments: readonly string[]): void {
  const { value } = pair;
  if (!isScalar(value) || comments.some((comment) => comment.includes('\n'))) {
    prepend(pair, comments);
    return;
  }
  value.comment = [...(value.comment ? [value.comment] : []), ...comments].join(';');
}

/** What people wrote about a pair and its value; what stands deeper has moved with its own pair. */
function commentsOf(pair: Pair): string[] {
  const nodes = [pair.key, pair.value].filter(isNode);
  return nodes
    .flatMap((node) => [node.commentBefore, node.comment])
    .filter((text) => typeof text === 'string' && text !== '') as string[];
}

/** An entry as a comment: what it says stays readable although it no longer counts. */
export function leaveAsComment(map: MapTree, index: number, entry: Entry, document: Document): void {
  if (!isPair(entry.ref)) return;
  const only = new YAMLMap();
  only.items = [(entry.ref as Pair).clone()];
  const copy = document.clone();
  copy.contents = only as never;
  copy.commentBefore = null;
  copy.comment = null;
  const text = copy
    .toString(STYLE)
    .trimEnd()
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n');
  const pair = (map.entries[index] ?? map.entries[index - 1])?.ref;
  if (isPair(pair)) prepend(pair as Pair, [text]);
  else if (isMap(map.ref)) map.ref.comment = [...(map.ref.comment ? [map.ref.comment] : []), text].join('\n');
}

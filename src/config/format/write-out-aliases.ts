// Puts a copy of its value in the place of every alias and merge, for documents that could not be rewritten with them.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';

/** The size of the result is bounded by what parseYaml() admits. */
export function writeOutAliases(document: Document): void {
  document.contents = new Writer().write(document.contents) as never;
  visit(document, (_, node) => {
    if (isScalar(node) || isMap(node) || isSeq(node)) delete node.anchor;
  });
}

class Writer {
  /** Filled in the order of the text, so that an alias finds the latest anchor before it. */
  readonly #anchors = new Map<string, Node>();

  write(node: unknown): unknown {
    if (isAlias(node)) return copyOf(this.#anchors.get(node.source), node);
    if (isMap(node)) node.items = this.#pairs(node);
    else if (isSeq(node)) node.items = node.items.map((item) => this.write(item));
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    return node;
  }

  #pairs(map: YAMLMap): Pair[] {
    const own = new Set(map.items.map((pair) => keyOf(pair)));
    const pairs: Pair[] = [];
    for (const pair of map.items) {
      if (keyOf(pair) !== '<<') {
        pair.value = this.write(pair.value);
        pairs.push(pair);
        continue;
      }
      const source = this.write(pair.value);
      for (const each of isSeq(source) ? source.items : [source]) {
        if (!isMap(each)) continue;
        for (const merged of each.items) {
          if (own.has(keyOf(merged))) continue;
          own.add(keyOf(merged));
          pairs.push(merged);
        }
      }
    }
    return pairs;
  }
}

/** With the comments of the alias instead of those of the anchor. */
function copyOf(node: Node | undefined, alias: Alias): unknown {
  if (node === undefined)
    throw new RangeError(`Cannot write out alias "${alias.source}" as it has no anchor`);
  const copy = node.clone() as Node;
  copy.comment = alias.comment ?? null;
  copy.commentBefore = alias.commentBefore ?? null;
  return copy;
}

function keyOf(pair: Pair): string {
  const key = pair.key as Node | null;
  return isScalar(key) ? String(key.value) : String(key);
}

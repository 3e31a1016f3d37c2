// Puts a copy of its value in the place of every alias and merge, for documents that could not be rewritten with them.
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { YAML_LIMITS } from '../yaml/limits.ts';

export function writeOutAliases(document: Document): void {
  const writer = new Writer(document);
  document.contents = writer.write(document.contents) as never;
}

class Writer {
  readonly #document: Document;
  #budget: number = YAML_LIMITS.nodes;

  constructor(document: Document) {
    this.#document = document;
  }

  write(node: unknown): unknown {
    this.#budget--;
    if (this.#budget < 0) throw new RangeError('Cannot write out aliases as they expand to too many values');
    if (isAlias(node)) return this.write(node.resolve(this.#document)?.clone());
    if (isMap(node)) {
      node.items = this.#pairs(node);
    } else if (isSeq(node)) {
      node.items = node.items.map((item) => this.write(item));
    }
    if (isMap(node) || isSeq(node) || isScalar(node)) delete node.anchor;
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

function keyOf(pair: Pair): string {
  const key = pair.key as Node | null;
  return isScalar(key) ? String(key.value) : String(key);
}

// Path to place. The text is read a second time when the first place is asked for: most files are right and never need it.
import { parseEvents } from 'js-yaml';
import type { Place } from '../../model/diagnostic.ts';
import type { Path } from '../source.ts';
import { Composer, type PlaceNode } from './compose.ts';
import type { EntryOffsets } from './entry-offsets.ts';
import { Findings } from './findings.ts';
import type { LineIndex } from './line-index.ts';

export class Places {
  readonly #text: string;
  readonly #lines: LineIndex;
  readonly #entries: EntryOffsets;
  #root: PlaceNode | undefined;

  constructor(text: string, lines: LineIndex, entries: EntryOffsets) {
    this.#text = text;
    this.#lines = lines;
    this.#entries = entries;
  }

  /** The nearest ancestor's place where the path itself does not exist. */
  locate(path: Path, what: 'key' | 'value'): Place {
    const known = this.#entryAt(path);
    if (known !== undefined) return this.#lines.placeOf(known);
    let node = this.#read();
    let offset = node.offset;
    for (const step of path) {
      const keyed = node.keys?.get(String(step));
      const next = keyed?.value ?? node.items?.[Number(step)];
      // A missing part of a keyed value is best looked for at that key.
      if (next === undefined) break;
      node = next;
      offset = what === 'key' && keyed !== undefined ? keyed.offset : next.offset;
    }
    return this.#lines.placeOf(offset);
  }

  /** Of a whole object, as the API says of each where it stands. */
  #entryAt([key, index, ...rest]: Path): number | undefined {
    if (typeof key !== 'string' || typeof index !== 'number' || rest.length > 0) return undefined;
    const offset = this.#entries.get(key)?.[index];
    return offset === -1 ? undefined : offset;
  }

  #read(): PlaceNode {
    if (this.#root !== undefined) return this.#root;
    const events = parseEvents(this.#text, { maxDepth: 1000 });
    const made = new Composer(this.#text, new Findings(this.#lines), true).compose(events);
    this.#root = made?.place ?? { offset: 0 };
    return this.#root;
  }
}

// Parser events to a plain value, and on demand to the places of its parts. The bounds of a file are kept here.
import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  SCALAR_STYLE,
  type ScalarEvent,
} from 'js-yaml';
import { defineKey } from '../../lib/define-key.ts';
import { looksOctal, resolvePlain } from './core-scalar.ts';
import type { Findings } from './findings.ts';
import { YAML_LIMITS } from './limits.ts';
import { collectionTagFault, resolveTagged } from './tags.ts';

/** Where a value stands, and its parts; every alias of a value shares the parts. */
export interface PlaceNode {
  readonly offset: number;
  readonly keys?: Map<string, KeyPlace>;
  readonly items?: PlaceNode[];
}

export interface KeyPlace {
  readonly offset: number;
  readonly value: PlaceNode;
}

export interface Made {
  readonly value: unknown;
  readonly place: PlaceNode | undefined;
  /** Values in it once aliases are followed. */
  readonly nodes: number;
  readonly depth: number;
}

interface Frame {
  readonly list: unknown[] | undefined;
  readonly map: Record<string, unknown> | undefined;
  readonly isBlock: boolean;
  readonly anchor: string | undefined;
  readonly place: PlaceNode | undefined;
  nodes: number;
  depth: number;
  key: string | undefined;
  keyOffset: number;
  isMerge: boolean;
  /** Keys and where they stand, in order, so that a second one can name the first. */
  readonly names: string[];
  readonly offsets: number[];
  /** Keys that came by merge: the map's own may still override them. */
  merged: Set<string> | undefined;
}

type Collection = Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>;

export class Composer {
  readonly #text: string;
  readonly #findings: Findings;
  readonly #withPlaces: boolean;
  /** Undefined: still open, so an alias of it would hold itself. */
  readonly #anchors = new Map<string, Made | undefined>();
  readonly #frames: Frame[] = [];
  #result: Made | undefined;
  #aliases = 0;
  #mergedKeys = 0;
  #stopped = false;

  constructor(text: string, findings: Findings, withPlaces: boolean) {
    this.#text = text;
    this.#findings = findings;
    this.#withPlaces = withPlaces;
  }

  /** The value of the one document; undefined when a bound ended the work. */
  compose(events: readonly Event[]): Made | undefined {
    for (const event of events) {
      if (event.type === EVENT_ID.SCALAR) this.#scalar(event);
      else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) this.#open(event);
      else if (event.type === EVENT_ID.ALIAS) this.#alias(event.anchorStart, event.anchorEnd);
      else if (event.type === EVENT_ID.POP) this.#close();
      if (this.#stopped) return undefined;
    }
    return this.#result;
  }

  #scalar(event: ScalarEvent): void {
    const frame = this.#frames.at(-1);
    // An empty value stands where its key does.
    const offset = event.valueStart === -1 ? (frame?.keyOffset ?? 0) : startOf(event);
    const text = getScalarValue(this.#text, event);
    const isKey = frame?.map !== undefined && frame.key === undefined;
    if (isKey && frame.isBlock && frame.names.length > 0 && !this.#beginsLine(offset)) {
      this.#findings.add(offset, {
        rule: 'yaml-syntax',
        message: 'A key begins in the middle of a line',
        hint: 'Look for a missing line break, comma or bracket before it',
      });
    }
    // js-yaml lets some keys go over lines that YAML does not.
    if (isKey && !event.fast && /[\r\n]/.test(this.#text.slice(event.valueStart, event.valueEnd))) {
      this.#findings.add(offset, {
        rule: 'yaml-key',
        message: 'A key goes over several lines, or a colon is missing',
        hint: 'Write "key: value" on one line',
      });
    }
    if (isKey && event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1) {
      if (event.anchorStart !== -1) this.#store(event, this.#leaf(resolvePlain(text), offset));
      this.#key(frame, text, offset, true);
      return;
    }
    const value = this.#valueOf(event, text, offset);
    const made = this.#leaf(value, offset);
    if (event.anchorStart !== -1) this.#store(event, made);
    if (isKey) this.#key(frame, String(value), offset, false);
    else this.#add(made);
  }

  /** Only blanks, or the marks that may stand before a key, come first on its line. js-yaml does not always look. */
  #beginsLine(offset: number): boolean {
    let at = offset - 1;
    while (at >= 0 && this.#text.charCodeAt(at) === 32) at--;
    const before = this.#text.charCodeAt(at);
    if (at < 0 || before === 10 || before === 13) return true;
    const line = this.#text.slice(this.#text.lastIndexOf('\n', at) + 1, offset);
    return /^\s*(?:\?\s+)?(?:[&!]\S*\s+)*$/.test(line);
  }

  #leaf(value: unknown, offset: number): Made {
    return { value, place: this.#withPlaces ? { offset } : undefined, nodes: 1, depth: 0 };
  }

  #valueOf(event: ScalarEvent, text: string, offset: number): unknown {
    if (event.tagStart !== -1) {
      const resolved = resolveTagged(this.#text.slice(event.tagStart, event.tagEnd), text);
      if (resolved.ok) return resolved.value;
      this.#findings.add(event.tagStart, resolved.finding);
      return null;
    }
    if (event.style !== SCALAR_STYLE.PLAIN) return text;
    const value = resolvePlain(text);
    if (typeof value === 'number') this.#doubt(text, value, offset);
    return value;
  }

  #doubt(text: string, value: number, offset: number): void {
    if (looksOctal(text)) {
      this.#findings.add(offset, {
        rule: 'ambiguous-number',
        severity: 'warning',
        message: `"${text}" is read as ${value}; other programs read it as octal`,
        value: text,
        hint: `Write ${value}, or put it in quotes where it is text`,
      });
    } else if (!Number.isFinite(value) && /^[-+]?[.]?\d/.test(text)) {
      this.#findings.add(offset, {
        rule: 'ambiguous-number',
        message: 'The number is too large',
        value: text.slice(0, 80),
        hint: 'Put it in quotes where it is text',
      });
    }
  }

  #open(event: Collection): void {
    const isList = event.type === EVENT_ID.SEQUENCE;
    const outer = this.#frames.at(-1);
    if (outer?.map !== undefined && outer.key === undefined) this.#keyNotText(event.start);
    if (event.tagStart !== -1) {
      const tag = this.#text.slice(event.tagStart, event.tagEnd);
      const fault = collectionTagFault(tag, isList ? 'list' : 'map');
      if (fault !== undefined) this.#findings.add(event.tagStart, fault);
    }
    if (this.#frames.length >= YAML_LIMITS.depth) this.#tooDeep(event.start);
    if (this.#stopped) return;
    const anchor =
      event.anchorStart === -1 ? undefined : this.#text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const offset = event.start;
    const parts = isList ? { items: [] } : { keys: new Map<string, KeyPlace>() };
    this.#frames.push({
      list: isList ? [] : undefined,
      map: isList ? undefined : {},
      isBlock: event.style === COLLECTION_STYLE.BLOCK,
      anchor,
      place: this.#withPlaces ? { offset, ...parts } : undefined,
      nodes: 1,
      depth: 1,
      key: undefined,
      keyOffset: offset,
      isMerge: false,
      names: [],
      offsets: [],
      merged: undefined,
    });
  }

  #close(): void {
    const frame = this.#frames.pop();
    // The end of the document itself.
    if (frame === undefined) return;
    const { nodes, depth, place } = frame;
    const made: Made = { value: frame.list ?? frame.map, place, nodes, depth };
    if (frame.anchor !== undefined) this.#anchors.set(frame.anchor, made);
    this.#add(made);
  }

  #alias(start: number, end: number): void {
    const name = this.#text.slice(start, end);
    const offset = start - 1;
    this.#aliases++;
    if (this.#aliases > YAML_LIMITS.aliases) {
      this.#stop(offset, {
        rule: 'yaml-aliases',
        message: `The file uses more than ${YAML_LIMITS.aliases} aliases`,
        hint: 'Write the values out, or spread them over several files',
      });
      return;
    }
    const made = this.#anchors.get(name);
    if (made === undefined) {
      const known = this.#anchors.has(name);
      this.#stop(offset, {
        rule: known ? 'yaml-alias-cycle' : 'yaml-alias-unknown',
        message: known
          ? `The alias *${name} stands inside its own anchor`
          : `No anchor &${name} stands before its alias`,
        hint: known
          ? 'Move what both share to a place of its own'
          : `Mark the value with &${name}, or put "*${name}" in quotes where it is text`,
      });
      return;
    }
    const frame = this.#frames.at(-1);
    if (frame?.map !== undefined && frame.key === undefined) {
      if (typeof made.value === 'object') this.#keyNotText(offset);
      else this.#key(frame, String(made.value), offset, false);
      return;
    }
    if (this.#frames.length + made.depth > YAML_LIMITS.depth) this.#tooDeep(offset);
    this.#add({ ...made, place: made.place && { ...made.place, offset } }, made.place);
  }

  #key(frame: Frame, text: string, offset: number, isPlain: boolean): void {
    frame.key = text;
    frame.keyOffset = offset;
    frame.isMerge = isPlain && text === '<<';
    if (isPlain && (text === '' || text === '~' || text.toLowerCase() === 'null')) {
      this.#findings.add(offset, {
        rule: 'yaml-key',
        message: 'A key is missing',
        hint: 'Write a name before the colon; put it in quotes if it is meant so',
      });
    }
    const seen = frame.merged?.has(text) !== true && this.#isSeen(frame, text);
    if (seen) {
      const first = frame.offsets[frame.names.indexOf(text)] ?? offset;
      this.#findings.add(offset, {
        rule: 'duplicate-key',
        message: `The key "${text.slice(0, 80)}" stands here a second time; the first is at ${this.#findings.lineColumn(first)}`,
        hint: 'Remove one of them',
      });
    }
    frame.names.push(text);
    frame.offsets.push(offset);
  }

  #isSeen(frame: Frame, text: string): boolean {
    return frame.isMerge ? frame.names.includes(text) : Object.hasOwn(frame.map!, text);
  }

  #add(made: Made, mergePlace = made.place): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) {
      this.#result = made;
      return;
    }
    frame.nodes += made.nodes;
    if (made.depth >= frame.depth) frame.depth = made.depth + 1;
    if (frame.nodes > YAML_LIMITS.nodes) {
      this.#tooMuch(frame.keyOffset);
      return;
    }
    if (frame.list !== undefined) {
      frame.list.push(made.value);
      if (made.place !== undefined) frame.place!.items!.push(made.place);
      return;
    }
    const key = frame.key!;
    frame.key = undefined;
    if (frame.isMerge) this.#merge(frame, made.value, mergePlace);
    else {
      defineKey(frame.map!, key, made.value);
      frame.merged?.delete(key);
      if (made.place !== undefined)
        frame.place!.keys!.set(key, { offset: frame.keyOffset, value: made.place });
    }
  }

  /** `<<`: keys the map does not have come from the source; of several sources the first wins. */
  #merge(frame: Frame, source: unknown, place: PlaceNode | undefined): void {
    const sources: unknown[] = Array.isArray(source) ? source : [source];
    sources.forEach((each, index) => {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) {
        this.#findings.add(frame.keyOffset, {
          rule: 'yaml-merge',
          message: 'Only maps can be merged with "<<"',
          hint: 'Name an anchor of a map: "<<: *defaults"',
        });
        return;
      }
      const places = Array.isArray(source) ? place?.items?.[index]?.keys : place?.keys;
      const entries = Object.entries(each);
      this.#mergedKeys += entries.length;
      if (this.#mergedKeys > YAML_LIMITS.mergedKeys) {
        if (!this.#stopped) this.#tooMuch(frame.keyOffset);
        return;
      }
      for (const [key, value] of entries) {
        if (Object.hasOwn(frame.map!, key)) continue;
        defineKey(frame.map!, key, value);
        frame.merged ??= new Set();
        frame.merged.add(key);
        const found = places?.get(key);
        if (found !== undefined) frame.place!.keys!.set(key, found);
      }
    });
  }

  #store(event: ScalarEvent, made: Made): void {
    this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), made);
  }

  #keyNotText(offset: number): void {
    this.#stop(offset, {
      rule: 'yaml-key',
      message: 'A key is a list or a map',
      hint: 'Keys are plain words; put quotes around one that begins with "[", "{" or "*"',
    });
  }

  #tooMuch(offset: number): void {
    this.#stop(offset, {
      rule: 'yaml-alias-expansion',
      message: 'The aliases and merges of the file expand to more than is read',
      hint: 'Aliases of aliases multiply: write out what is really needed',
    });
  }

  #tooDeep(offset: number): void {
    this.#stop(offset, {
      rule: 'yaml-depth',
      message: `The file nests lists and maps deeper than ${YAML_LIMITS.depth} levels`,
      hint: 'The language needs eight; look for a missing closing bracket',
    });
  }

  #stop(offset: number, finding: Parameters<Findings['add']>[1]): void {
    this.#findings.add(offset, finding);
    this.#stopped = true;
  }
}

/** Quotes belong to the value for who looks at it. */
function startOf(event: ScalarEvent): number {
  const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? event.valueStart - 1 : event.valueStart;
}

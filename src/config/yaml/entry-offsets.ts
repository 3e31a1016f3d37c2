// Where the entries of the lists of a file begin: found in the events of its first reading, so that naming the line of an object
// needs no second one.
import { EVENT_ID, type Event, getScalarValue } from 'js-yaml';

/** Entries that are no block of their own (words, aliases) are left to those who read more closely. */
const ELSEWHERE = -1;

/** By the key of the file that holds the list; of lists alone. */
export type EntryOffsets = ReadonlyMap<string, readonly number[]>;

export function entryOffsets(text: string, events: readonly Event[]): EntryOffsets {
  const lists = new Map<string, number[]>();
  let depth = 0;
  let key: string | undefined;
  let list: number[] | undefined;
  for (const event of events) {
    const { type } = event;
    const opens = type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE;
    const isWord = type === EVENT_ID.SCALAR || type === EVENT_ID.ALIAS;
    if (depth === 2 && list !== undefined) {
      if (type === EVENT_ID.MAPPING) list.push(event.start);
      else if (opens || isWord) list.push(ELSEWHERE);
    } else if (depth === 1 && key === undefined && type !== EVENT_ID.POP) {
      // A key that is no plain word, and keys that come from elsewhere: nothing is sure.
      if (type !== EVENT_ID.SCALAR) return new Map();
      key = getScalarValue(text, event);
      if (key === '<<') return new Map();
      continue;
    } else if (depth === 1 && type === EVENT_ID.SEQUENCE && key !== undefined) {
      list = [];
      lists.set(key, list);
    }
    if (depth === 1 && isWord) key = undefined;
    if (opens) depth++;
    else if (type === EVENT_ID.POP) {
      depth--;
      if (depth === 1) key = undefined;
      if (depth === 1) list = undefined;
      if (depth === 0) return lists;
    }
  }
  return lists;
}

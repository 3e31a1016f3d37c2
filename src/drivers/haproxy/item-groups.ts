// Thousands of items in groups, of which a round changes one: a version takes over from the one before what did not change.
// A copied Map costs as much as one built anew, and its garbage holds up everything a moment later.
import type { Item, ItemMap } from '../../model/item.ts';

/** Items that are made together; the same array for as long as none of them changes. */
export type Group = readonly Item[];

export class ItemGroups implements ItemMap {
  readonly groups: readonly Group[];
  readonly #items: readonly Item[];
  /** Where the item of a key stands; shared by versions with the same keys. */
  readonly #places: ReadonlyMap<string, number>;

  private constructor(groups: readonly Group[], items: readonly Item[], places: ReadonlyMap<string, number>) {
    this.groups = groups;
    this.#items = items;
    this.#places = places;
  }

  /** What a Map made of these groups in their order holds, in its order; the version before itself where nothing differs. */
  static of(groups: readonly Group[], before?: ItemGroups): ItemGroups {
    return (before === undefined ? undefined : before.#with(groups)) ?? ItemGroups.#build(groups);
  }

  static #build(groups: readonly Group[]): ItemGroups {
    const items: Item[] = [];
    const places = new Map<string, number>();
    let isTwice = false;
    for (const group of groups)
      for (const one of group) {
        const place = places.get(one.key);
        if (place === undefined) places.set(one.key, items.push(one) - 1);
        else items[place] = one;
        isTwice ||= place !== undefined;
      }
    // Where a key comes twice, items do not stand where their groups say.
    return new ItemGroups(isTwice ? items.map((one) => [one]) : groups, items, places);
  }

  /** Undefined where keys come or go. */
  #with(groups: readonly Group[]): ItemGroups | undefined {
    if (groups.length !== this.groups.length) return undefined;
    let items: Item[] | undefined;
    let start = 0;
    for (let index = 0; index < groups.length; index++) {
      const [group, before] = [groups[index]!, this.groups[index]!];
      if (group !== before && !haveSame(group, before)) {
        if (!haveSameKeys(group, before)) return undefined;
        items ??= this.#items.slice();
        for (const [at, one] of group.entries()) items[start + at] = one;
      }
      start += group.length;
    }
    return items === undefined ? this : new ItemGroups(groups, items, this.#places);
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): Item | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items[place];
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  keys(): MapIterator<string> {
    return this.#places.keys();
  }

  values(): MapIterator<Item> {
    return this.#items.values();
  }

  *entries(): MapIterator<[string, Item]> {
    for (const one of this.#items) yield [one.key, one];
  }

  [Symbol.iterator](): MapIterator<[string, Item]> {
    return this.entries();
  }

  forEach(call: (value: Item, key: string, map: ItemMap) => void): void {
    for (const one of this.#items) call(one, one.key, this);
  }
}

/** Groups that the other one does not hold. Mostly both stand in the same order. */
export function unshared({ groups }: ItemGroups, other: ItemGroups): readonly Group[] {
  const elsewhere = new Set(other.groups.filter((group, at) => group !== groups[at]));
  return groups.filter((group, at) => group !== other.groups[at] && !elsewhere.has(group));
}

function haveSame(group: Group, other: Group): boolean {
  return group.length === other.length && group.every((one, at) => one === other[at]);
}

function haveSameKeys(group: Group, other: Group): boolean {
  return group.length === other.length && group.every(({ key }, at) => key === other[at]!.key);
}

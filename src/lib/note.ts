// What is known of an object, written on the object itself where nobody sees it: no key, no copy and no JSON shows it. It lives as
// long as the object, as in a WeakMap; but a WeakMap with tens of thousands of entries is looked through in every full collection
// while nothing else runs.

export class Note<K extends object, V> {
  readonly #name = Symbol('note');

  get(of: K): V | undefined {
    return (of as Noted<V>)[this.#name];
  }

  set(of: K, value: V): void {
    if (Object.hasOwn(of, this.#name)) (of as Noted<V>)[this.#name] = value;
    else Object.defineProperty(of, this.#name, { value, writable: true });
  }
}

type Noted<V> = Record<symbol, V | undefined>;

// Builds objects without the keys that have no value, as the model asks for absent keys rather than undefined ones.

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same keys in the same order, less those that are undefined. The order makes the hash stable. */
export function given<T extends object>(values: T): Given<T> {
  const out: Record<string, unknown> = {};
  for (const key in values) if (values[key] !== undefined) out[key] = values[key];
  return out as Given<T>;
}

/** Adds to a fresh object those of the optional values that are there; spares the copy that `given` makes. */
export function withGiven<B extends object, O extends object>(base: B, optional: O): B & Given<O> {
  const out = base as Record<string, unknown>;
  for (const key in optional) if (optional[key] !== undefined) out[key] = optional[key];
  return out as B & Given<O>;
}

/** A record with its keys in order, so that two spellings of one table have one hash. */
export function sortedRecord<V>(record: Readonly<Record<string, V>> | undefined): Record<string, V> {
  if (record === undefined) return {};
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

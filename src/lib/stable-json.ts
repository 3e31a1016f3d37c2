// JSON with sorted keys: equal values give equal text, whatever order they were built in.

/** Maps are written as objects; what has a `toJSON` (a Secret) says itself. */
export function stableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, (_, inner: unknown) => sorted(inner), indent);
  // JSON.stringify(undefined) is undefined, whatever its type says.
  return text ?? 'null';
}

function sorted(value: unknown): unknown {
  if (value instanceof Map) return sorted(Object.fromEntries(value));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

// Failures by their text, with how often each came.

export function summed(list: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const one of list) out[one] = (out[one] ?? 0) + 1;
  return out;
}

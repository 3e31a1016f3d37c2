// The same numbers on every machine.

/** xorshift32: from 0 to below. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

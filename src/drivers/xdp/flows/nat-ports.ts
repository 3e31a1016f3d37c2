// Where new flows should begin to look for a port after flows of another node were taken over: behind the longest free run.
// The program tries eight ports and gives up, so a cursor in the midst of taken ones would refuse connections. Pure.

export interface PortRanges {
  readonly from: number;
  /** Ports in each range. */
  readonly span: number;
  /** One range a CPU, one behind the other. */
  readonly ranges: number;
}

/** For each range how far into it the cursor should stand: its next port is the first of the longest free run. */
export function freePorts(used: Iterable<number>, { from, span, ranges }: PortRanges): number[] {
  const taken = Array.from({ length: ranges }, () => new Uint8Array(span));
  for (const port of used) {
    const at = port - from;
    if (at >= 0 && at < span * ranges) taken[Math.floor(at / span)]![at % span] = 1;
  }
  return taken.map((row) => beforeLongestRun(row));
}

function beforeLongestRun(taken: Uint8Array): number {
  let [best, longest, run] = [0, -1, 0];
  // Around the end twice: the longest run may wrap.
  for (let i = 0; i < taken.length * 2; i++) {
    if (taken[i % taken.length] === 1) run = 0;
    else if (++run > longest && run <= taken.length) {
      longest = run;
      best = i - run + 1;
    }
  }
  return (best - 1 + taken.length) % taken.length;
}

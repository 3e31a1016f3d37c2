// A daemon lives for months and idles for most of them: it holds what it uses, and takes more only while it has much to do.
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/** Helpers wake up for each small collection and cost more than they carry. */
const SPARING = ['--optimize-for-size', '--no-parallel-scavenge'];
const WORKING = ['--no-optimize-for-size', '--parallel-scavenge'];
const LONG_LIVED = new Set(['daemon', '--daemon']);
const LOOK_MS = 1000;
/** Share of the time that the loop works. */
const BUSY = 0.2;
const IDLE = 0.1;
/** So long it is at rest before memory counts for more than time again. */
const REST_LOOKS = 30;

/** Whether to spare memory, by how busy the loop was at each look. */
export class HeapPolicy {
  #resting = 0;
  sparing = true;

  /** True where it changed its mind. */
  look(utilization: number): boolean {
    this.#resting = utilization < IDLE ? this.#resting + 1 : 0;
    const sparing = this.sparing ? utilization < BUSY : this.#resting >= REST_LOOKS;
    if (sparing === this.sparing) return false;
    this.sparing = sparing;
    return true;
  }
}

/**
 * To be called before anything is read. Spared, the heap grows by what is used and not ahead of it: a configuration of 10,000
 * members that takes 70 MB is held in 80 and not in 250. It costs more collections, each of which stops the loop; who asks the
 * API by the thousand must not wait for them.
 */
export function keepHeapSmall(words: readonly string[]): void {
  if (!words.some((word) => LONG_LIVED.has(word))) return;
  // Of threads that start later.
  setFlagsFromString('--max-semi-space-size=2');
  for (const flag of SPARING) setFlagsFromString(flag);
}

/** From when it serves: the work of its start is over, and what it took is given back. Returns what ends it. */
export function followLoad(): () => void {
  const policy = new HeapPolicy();
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (policy.look(utilization))
      for (const flag of policy.sparing ? SPARING : WORKING) setFlagsFromString(flag);
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

// Processor time that the host of a virtual machine gave to others, by the kernel's own count.
import { readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second, whatever its own clock is. */
const TICKS = 100;

/** Since the start, over all processors. A machine of its own loses none. */
export function stolenSeconds(): number {
  try {
    // cpu user nice system idle iowait irq softirq steal
    return Number(readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/)[8]) / TICKS;
  } catch {
    // No Linux: nothing is known of it.
    return 0;
  }
}

// Time this thread and its core's softirq thread were on the core, in nanoseconds: what a cycle of packets really took,
// whatever else runs on the machine.
import { readdirSync, readFileSync } from 'node:fs';

export class CoreTime {
  readonly #softirq: string | undefined;

  constructor(core: number) {
    this.#softirq = readdirSync('/proc').find((pid) => nameOf(pid) === `ksoftirqd/${core}`);
  }

  ns(): number {
    const softirq = this.#softirq === undefined ? 0 : onCpu(`/proc/${this.#softirq}/schedstat`);
    return onCpu('/proc/thread-self/schedstat') + softirq;
  }
}

/** The first field of schedstat (Documentation/scheduler/sched-stats.rst). */
function onCpu(path: string): number {
  return Number(readFileSync(path, 'utf8').split(' ', 1)[0]);
}

function nameOf(pid: string): string | undefined {
  if (!/^\d+$/.test(pid)) return undefined;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

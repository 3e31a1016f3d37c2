// How much memory the checking thread may take, and what is said when it wants more.
/** Far more than 100,000 targets need. */
const MOST_MB = 1024;
const MB = 1024 * 1024;

/** Half of what the process is allowed (memory.max of its control group, 0 or absurd where there is none). */
export function threadMemoryMb(limitBytes = process.constrainedMemory()): number {
  return limitBytes === 0 ? MOST_MB : Math.max(1, Math.min(MOST_MB, Math.floor(limitBytes / 2 / MB)));
}

/** With the cure, where the thread ended for want of memory. */
export function toFault(error: Error, memoryMb: number): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new Error(
    `Cannot check within ${memoryMb} MB: raise the memory limit of the service (MemoryMax), or check fewer members`,
    { cause: error },
  );
}

// Computes rings off the main thread: a big change must not make health checks or the API late. All rings of a message go
// back in one block, as a transfer of each alone costs more than computing it.
import { parentPort } from 'node:worker_threads';
import { type RingJob, ringOfJob } from './ring-job.ts';

export interface RingBlock {
  readonly id: number;
  readonly slots: Uint16Array;
  /** Of each ring, in the order of the jobs. */
  readonly sizes: Uint32Array;
}

parentPort?.on('message', ({ id, jobs }: { id: number; jobs: readonly RingJob[] }) => {
  const rings = jobs.map(ringOfJob);
  const sizes = Uint32Array.from(rings, (ring) => ring.length);
  const slots = new Uint16Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const ring of rings) {
    slots.set(ring, at);
    at += ring.length;
  }
  const block: RingBlock = { id, slots, sizes };
  parentPort?.postMessage(block, [slots.buffer as ArrayBuffer, sizes.buffer as ArrayBuffer]);
});

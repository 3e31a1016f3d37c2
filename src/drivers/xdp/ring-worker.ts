// Computes rings off the main thread: a big change must not make health checks or the API late.
import { parentPort } from 'node:worker_threads';
import { type RingJob, ringOfJob } from './ring-job.ts';

parentPort?.on('message', ({ id, jobs }: { id: number; jobs: readonly RingJob[] }) => {
  const rings = jobs.map(ringOfJob);
  parentPort?.postMessage(
    { id, rings },
    rings.map((ring) => ring.buffer as ArrayBuffer),
  );
});

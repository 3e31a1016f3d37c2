// Hands ring jobs to the worker and keeps what came back: members of many listeners are often the same.
import { Worker } from 'node:worker_threads';
import { BugError } from '../../model/errors.ts';
import { idOfJob, isHeavy, type RingJob, ringOfJob } from './ring-job.ts';

/** Rings kept for equal jobs to come. */
const KEPT = 1024;

export class RingBuilder {
  readonly #kept = new Map<string, Uint16Array>();
  #worker: Worker | undefined;
  #next = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly Uint16Array[]>>();

  /** Rings in the order of the jobs; callers must not write to them. */
  async build(jobs: readonly RingJob[]): Promise<readonly Uint16Array[]> {
    const ids = jobs.map(idOfJob);
    const missing = new Map<string, RingJob>();
    const done = new Map<string, Uint16Array>();
    ids.forEach((id, index) => {
      const known = this.#kept.get(id);
      if (known !== undefined) done.set(id, known);
      else if (isHeavy(jobs[index]!)) missing.set(id, jobs[index]!);
      else done.set(id, ringOfJob(jobs[index]!));
    });
    if (missing.size > 0) {
      const rings = await this.#ask([...missing.values()]);
      [...missing.keys()].forEach((id, index) => {
        done.set(id, rings[index]!);
        this.#keep(id, rings[index]!);
      });
    }
    return ids.map((id) => done.get(id)!);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #keep(id: string, ring: Uint16Array): void {
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(id, ring);
  }

  #ask(jobs: readonly RingJob[]): Promise<readonly Uint16Array[]> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#next++;
    const answer = Promise.withResolvers<readonly Uint16Array[]>();
    this.#waiting.set(id, answer);
    worker.ref();
    worker.postMessage({ id, jobs });
    return answer.promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./ring-worker.ts', import.meta.url));
    worker.on('message', ({ id, rings }: { id: number; rings: readonly Uint16Array[] }) => {
      this.#waiting.get(id)?.resolve(rings);
      this.#waiting.delete(id);
      // An idle worker does not keep the process.
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on('error', (cause) => {
      this.#worker = undefined;
      for (const answer of this.#waiting.values())
        answer.reject(new BugError('The ring worker ended', { cause }));
      this.#waiting.clear();
    });
    return worker;
  }
}

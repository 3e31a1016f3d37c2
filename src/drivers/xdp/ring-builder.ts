// Computes small rings, hands the others to workers and keeps them all: members of many listeners are often the same.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BugError } from '../../model/errors.ts';
import { idOfJob, type RingJob, ringOfJob, workOf } from './ring-job.ts';
import type { RingBlock } from './ring-worker.ts';

/** Rings kept for equal jobs to come. */
const KEPT = 1024;
/**
 * Slots that the asking thread computes itself, some 0.2 us each: a member that failed must not wait until another thread gets a
 * processor, which takes tens of milliseconds now and then where the machine is busy.
 */
const SLOTS_HERE = 4096;
/** A second worker costs 30 ms to start: worth it for thousands of rings, not for one change. */
const JOBS_A_WORKER = 1000;
const MOST_WORKERS = Math.min(4, availableParallelism());

interface Hand {
  readonly worker: Worker;
  readonly waiting: Map<number, PromiseWithResolvers<readonly Uint16Array[]>>;
}

export class RingBuilder {
  readonly #kept = new Map<string, Uint16Array>();
  readonly #hands: Hand[] = [];
  #next = 0;

  /** Rings in the order of the jobs; callers must not write to them. */
  async build(jobs: readonly RingJob[]): Promise<readonly Uint16Array[]> {
    const ids = jobs.map(idOfJob);
    const missing = new Map<string, RingJob>();
    const done = new Map<string, Uint16Array>();
    let left = SLOTS_HERE;
    ids.forEach((id, index) => {
      const job = jobs[index]!;
      const known = done.get(id) ?? this.#kept.get(id);
      const work = workOf(job);
      if (known === undefined && work > left) {
        missing.set(id, job);
        return;
      }
      const ring = known ?? ringOfJob(job);
      done.set(id, ring);
      if (known !== undefined || work === 0) return;
      left -= work;
      this.#keep(id, ring);
    });
    if (missing.size > 0) {
      const rings = await this.#ask([...missing.values()]);
      let index = 0;
      for (const id of missing.keys()) {
        const ring = rings[index++]!;
        done.set(id, ring);
        if (index <= KEPT) this.#keep(id, ring);
      }
    }
    return ids.map((id) => done.get(id)!);
  }

  async close(): Promise<void> {
    await Promise.all(this.#hands.splice(0).map(({ worker }) => worker.terminate()));
  }

  /** A copy: the ring is a part of a block that shall not live as long. */
  #keep(id: string, ring: Uint16Array): void {
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(id, ring.slice());
  }

  async #ask(jobs: readonly RingJob[]): Promise<readonly Uint16Array[]> {
    const hands = Math.max(1, Math.min(MOST_WORKERS, Math.floor(jobs.length / JOBS_A_WORKER)));
    const share = Math.ceil(jobs.length / hands);
    const parts = Array.from({ length: hands }, (_, index) =>
      this.#askOne(index, jobs.slice(index * share, (index + 1) * share)),
    );
    return (await Promise.all(parts)).flat();
  }

  #askOne(index: number, jobs: readonly RingJob[]): Promise<readonly Uint16Array[]> {
    this.#hands[index] ??= this.#start(index);
    const { worker, waiting } = this.#hands[index];
    const id = this.#next++;
    const answer = Promise.withResolvers<readonly Uint16Array[]>();
    waiting.set(id, answer);
    worker.ref();
    worker.postMessage({ id, jobs });
    return answer.promise;
  }

  #start(index: number): Hand {
    const worker = new Worker(new URL('./ring-worker.ts', import.meta.url));
    const waiting: Hand['waiting'] = new Map();
    worker.on('message', (block: RingBlock) => {
      waiting.get(block.id)?.resolve(ringsOf(block));
      waiting.delete(block.id);
      // An idle worker does not keep the process.
      if (waiting.size === 0) worker.unref();
    });
    worker.on('error', (cause) => {
      delete this.#hands[index];
      for (const answer of waiting.values()) answer.reject(new BugError('The ring worker ended', { cause }));
      waiting.clear();
    });
    return { worker, waiting };
  }
}

function ringsOf({ slots, sizes }: RingBlock): readonly Uint16Array[] {
  let at = 0;
  return Array.from(sizes, (size) => {
    at += size;
    return slots.subarray(at - size, at);
  });
}

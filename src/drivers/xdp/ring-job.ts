// One ring to be computed: what goes to the worker and comes back. Equal jobs give equal rings, so they are computed once.
import type { XdpScheduler } from './layout.ts';
import { maglev, type RingMember, ringSize, turns } from './ring.ts';

export interface RingJob {
  readonly scheduler: XdpScheduler;
  /** Of weight above 0, in order of their keys. */
  readonly members: readonly RingMember[];
  readonly seed: bigint;
}

export function ringOfJob({ scheduler, members, seed }: RingJob): Uint16Array {
  switch (scheduler) {
    case 'mh':
    case 'sh':
      return members.length === 0 ? new Uint16Array(0) : maglev(members, ringSize(members), seed);
    case 'wrr':
      return members.length === 0 ? new Uint16Array(0) : turns(members.map((member) => member.weight));
    default:
      // rr, lc and wlc look at members themselves.
      return Uint16Array.from(members, (_, index) => index + 1);
  }
}

/** Cheap enough for the thread that asks: only Maglev and long turn lists are worth a message. */
export function isHeavy(job: RingJob): boolean {
  return (
    job.members.length > 0 && (job.scheduler === 'mh' || job.scheduler === 'sh' || job.scheduler === 'wrr')
  );
}

export function idOfJob({ scheduler, members }: RingJob): string {
  const kind = scheduler === 'sh' ? 'mh' : scheduler;
  return `${kind} ${members.map(({ key, weight }) => `${key} ${weight}`).join(' ')}`;
}

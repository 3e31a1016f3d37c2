// One ring to be computed: what goes to the worker and comes back. Equal jobs give equal rings, so they are computed once.
import type { XdpScheduler } from './layout.ts';
import { maglev, type RingMember, ringSize, turns, turnsAtMost } from './ring.ts';

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

/** Slots that have to be computed one by one; 0 where the ring is but a list. */
export function workOf({ scheduler, members }: RingJob): number {
  if (members.length === 0) return 0;
  if (scheduler === 'mh' || scheduler === 'sh') return ringSize(members);
  return scheduler === 'wrr' ? turnsAtMost(members.map(({ weight }) => weight)) : 0;
}

export function idOfJob({ scheduler, members }: RingJob): string {
  const kind = scheduler === 'sh' ? 'mh' : scheduler;
  return `${kind} ${members.map(({ key, weight }) => `${key} ${weight}`).join(' ')}`;
}

// How many checks may be under way at once, so that a node that checks much never runs out of descriptors.
import { readFileSync } from 'node:fs';

/** More would say nothing sooner, and the kernel has to hold them all. */
const MOST = 4000;
/** For the API, data planes, logs and state; of a small limit, half. */
const RESERVED = 256;
/** Its socket, or the pipes of a script that stand for several sockets. */
const LEAST = 8;

export function checkPlaces(openFiles: number): number {
  const ours = openFiles - Math.min(RESERVED, Math.ceil(openFiles / 2));
  return Math.max(LEAST, Math.min(MOST, ours));
}

/** The limit in force: Node raises the soft one to the hard one when it starts. */
export function openFilesLimit(limits = readFileSync('/proc/self/limits', 'utf8')): number {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Why checks may have to wait for each other; undefined while they cannot. */
export function placesNote(probes: number, openFiles: number): string | undefined {
  const places = checkPlaces(openFiles);
  if (probes <= places || places === MOST) return undefined;
  return `Checks of ${probes} targets share ${places} descriptors, as the limit of open files is ${openFiles}: while many members do not answer, checks come late; raise LimitNOFILE`;
}

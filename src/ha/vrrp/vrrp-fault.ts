// Why a VRRP program holds a group in fault, as far as it can be seen: the program itself says no more than that. Pure.
import type { HaGroup, Track } from '../../model/ha.ts';
import type { Link } from '../../wire/netlink/route-link.ts';
import { LINK_FLAG } from '../../wire/netlink/route-numbers.ts';

/** Watched by keepalived, which tells nobody how they are. */
const UNSEEN: ReadonlySet<Track['kind']> = new Set(['script', 'file', 'process']);

/** `links` as they are at this moment. */
export function vrrpFault({ interface: own, track }: HaGroup, links: readonly Link[]): string {
  const fatal = track.filter(({ weight }) => weight === 0);
  const named = [own, ...fatal.filter(({ kind }) => kind === 'interface').map(({ target }) => target)];
  const broken = [...new Set(named)].flatMap((name) => {
    const link = links.find((one) => one.name === name);
    if (link === undefined) return [`interface "${name}" is missing`];
    return (link.flags & LINK_FLAG.running) === 0 ? [`interface "${name}" is down`] : [];
  });
  if (broken.length > 0) return broken.join('; ');
  const unseen = fatal
    .filter(({ kind }) => UNSEEN.has(kind))
    .map(({ kind, target }) => `${kind} "${target}"`);
  if (unseen.length > 0) return `what it tracks failed: ${unseen.join(' or ')}`;
  return 'VRRP holds it in fault';
}

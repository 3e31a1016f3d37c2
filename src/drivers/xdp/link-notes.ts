// What an operator has to know of the links that members are behind: packets may be lost there though everything else is well.
import type { Link } from '../../wire/netlink/route-link.ts';
import type { AttachResult } from './attachments.ts';

/** A link that members are behind, and the one under it that frames take; most often the same. */
export interface MemberLink {
  readonly linkIndex: number;
  readonly portIndex: number;
  /** Some of them answer what only the program can bring back to the client. */
  readonly answers: boolean;
}

const HEAR = 'their answers do not reach clients until data_plane.xdp.interfaces names it';
const SPEAK =
  'what is sent there is lost. Set data_plane.xdp.attach to generic, or route them by hardware, a bond or a VLAN of one tag';

/** Kinds of links that take frames from native XDP (ndo_xdp_xmit); hardware has none, and nearly all of it does. */
const TAKES_FRAMES: ReadonlySet<string> = new Set(['', 'veth', 'bond', 'tun']);

export function linkNotes(
  members: readonly MemberLink[],
  attached: readonly AttachResult[],
  links: readonly Link[],
): readonly string[] {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  const nameOf = (index: number) => byIndex.get(index)?.name ?? String(index);
  const on = attached.flatMap((one) => ('ifindex' in one ? [one] : []));
  // The program sees a bridge's frames at its ports.
  const heard = new Set(on.flatMap(({ ifindex }) => [ifindex, byIndex.get(ifindex)?.master ?? ifindex]));
  const isNative = on.some(({ mode }) => mode === 'native');
  return members.flatMap(({ linkIndex, portIndex, answers }) => [
    ...(answers && !heard.has(linkIndex) && !heard.has(portIndex)
      ? [`"${nameOf(portIndex)}" leads to members, and the program is not on it: ${HEAR}`]
      : []),
    ...(isNative && !TAKES_FRAMES.has(byIndex.get(portIndex)?.type ?? '')
      ? [`"${nameOf(portIndex)}" leads to members, and takes no frames from native XDP: ${SPEAK}`]
      : []),
  ]);
}

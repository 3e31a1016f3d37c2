// BFD sessions as FRR's bfdd is told of them. Ours are known by the names of their profiles.
import type { BfdSession } from '../../model/ha.ts';
import type { Intent } from '../../model/intent.ts';
import { type ConfigTree, node, type Ownership } from '../frr/config-tree.ts';

export function profileName(session: string): string {
  return `lbctl-${session}`;
}

/** Names of the sessions that checks of members live by: they say nothing of the other nodes. */
export function memberSessions(intent: Intent): ReadonlySet<string> {
  const known = ofIntent.get(intent);
  if (known !== undefined) return known;
  const checks = [...intent.pools.values()].flatMap((pool) => [
    ...pool.checks,
    ...pool.members.flatMap((member) => member.checks ?? []),
  ]);
  const sessions = new Set(checks.flatMap((check) => (check.type === 'bfd' ? check.session : [])));
  ofIntent.set(intent, sessions);
  return sessions;
}

/** Asked for with every tick. */
const ofIntent = new WeakMap<Intent, ReadonlySet<string>>();

/** Sessions that no BGP peer and no check of a member names watch the other nodes. */
export function nodeSessions(intent: Intent): readonly BfdSession[] {
  const ofBgp = new Set(intent.ha?.bgp?.peers.map((peer) => peer.bfd));
  const ofMembers = memberSessions(intent);
  return (intent.ha?.bfd ?? []).filter(({ name }) => !ofBgp.has(name) && !ofMembers.has(name));
}

/** `held` sessions are told to be administratively down: the peer then takes over at once. */
export function bfdConfig(
  sessions: readonly BfdSession[],
  bgpOnly: ReadonlySet<string>,
  held: (session: string) => boolean,
): readonly ConfigTree[] {
  if (sessions.length === 0) return [];
  const profiles = sessions.map((one) =>
    node(`profile ${profileName(one.name)}`, [
      `detect-multiplier ${one.multiplier}`,
      `receive-interval ${one.receiveMs}`,
      `transmit-interval ${one.transmitMs}`,
      // RFC 5881: packets from further than the link are forged; FRR checks it by itself on single hops.
    ]),
  );
  // bgpd makes the sessions of its peers itself, with the profile.
  const peers = sessions
    .filter((one) => !bgpOnly.has(one.name))
    .map((one) =>
      node(peerLine(one), [`profile ${profileName(one.name)}`, ...(held(one.name) ? ['shutdown'] : [])]),
    );
  return [node('bfd', [...profiles, ...peers])];
}

export function peerLine(session: BfdSession): string {
  const words = ['peer', session.peer];
  if (session.multihop) words.push('multihop');
  if (session.local !== undefined) words.push('local-address', session.local);
  if (session.interface !== undefined && !session.multihop) words.push('interface', session.interface);
  return words.join(' ');
}

/** Lines of our profiles and of our peers; a peer is ours when it was in a configuration we sent. */
export function bfdOwnership(ourPeers: ReadonlySet<string>): Ownership {
  return {
    owns: (path, line) => {
      if (path[0] !== 'bfd') return false;
      if (path.length === 1) return line.startsWith('profile lbctl-') || ourPeers.has(line);
      return path[1]!.startsWith('profile lbctl-') || ourPeers.has(path[1]!);
    },
  };
}

// What FRR's bgpd is told: our peers, what each role announces, and the routes of VIPs that can serve now.
// Ours are known by name: route maps and prefix lists `LBCTL-`, peers whose description begins with "lbctl".
import { familyOf } from '../../lib/ip.ts';
import type { Bgp, BgpPeer } from '../../model/ha.ts';
import { ANNOUNCE_AS, type AnnounceAs, type Announcement } from '../../model/ha-status.ts';
import { profileName } from '../bfd/bfd-config.ts';
import { type ConfigTree, node, type Ownership } from '../frr/config-tree.ts';

/** `vips` are all that may ever go out: the lists stay as they are while routes come and go. */
export function bgpConfig(
  bgp: Bgp,
  vips: readonly string[],
  announced: readonly Announcement[],
): readonly ConfigTree[] {
  const of = (family: 4 | 6): Announcement[] =>
    announced
      .filter((one) => familyOf(one.address) === family)
      .sort((a, b) => (a.address < b.address ? -1 : 1));
  const [v4, v6] = [of(4), of(6)];
  return [
    ...prefixList('ip', 'LBCTL-VIPS', vips, 4),
    ...prefixList('ipv6', 'LBCTL-VIPS6', vips, 6),
    ...ANNOUNCE_AS.map((as) => node(`route-map LBCTL-${as.toUpperCase()} permit 10`, attributes(bgp, as))),
    node('route-map LBCTL-OUT permit 10', ['match ip address prefix-list LBCTL-VIPS']),
    node('route-map LBCTL-OUT permit 20', ['match ipv6 address prefix-list LBCTL-VIPS6']),
    node('route-map LBCTL-IN permit 10'),
    node(`router bgp ${bgp.localAs}`, [
      ...(bgp.routerId === undefined ? [] : [`bgp router-id ${bgp.routerId}`]),
      ...bgp.peers.flatMap((peer) => peerLines(peer, bgp)),
      node('address-family ipv4 unicast', [
        ...v4.map((one) => networkLine(one, 32)),
        ...bgp.peers.filter((peer) => familyOf(peer.address) === 4).flatMap(policyLines),
      ]),
      ...(v6.length === 0 && bgp.peers.every((peer) => familyOf(peer.address) === 4)
        ? []
        : [
            node('address-family ipv6 unicast', [
              ...v6.map((one) => networkLine(one, 128)),
              ...bgp.peers
                .filter((peer) => familyOf(peer.address) === 6)
                .flatMap((peer) => [`neighbor ${peer.address} activate`, ...policyLines(peer)]),
            ]),
          ]),
    ]),
  ];
}

/** `recorded` holds addresses of peers we made; a restart learns them from descriptions (peersOf). */
export function bgpOwnership(localAs: number, recorded: ReadonlySet<string>): Ownership {
  return {
    owns: (path, line) => {
      if (path.length === 0) return /^(ip prefix-list|ipv6 prefix-list|route-map) LBCTL-/.test(line);
      if (path[0]!.startsWith('route-map LBCTL-')) return true;
      if (path[0] !== `router bgp ${localAs}`) return false;
      const neighbor = /^neighbor (\S+) /.exec(line)?.[1];
      if (neighbor !== undefined) return recorded.has(neighbor);
      return / route-map LBCTL-/.test(line);
    },
  };
}

/** Addresses of peers in the running configuration that carry our description. */
export function peersOf(running: readonly ConfigTree[]): ReadonlySet<string> {
  const peers = new Set<string>();
  for (const root of running)
    for (const { line } of root.children) {
      const match = /^neighbor (\S+) description lbctl /.exec(line);
      if (match !== null) peers.add(match[1]!);
    }
  return peers;
}

function peerLines(peer: BgpPeer, bgp: Bgp): string[] {
  const n = `neighbor ${peer.address}`;
  return [
    `${n} remote-as ${peer.remoteAs}`,
    // A router that takes part keeps the routes of a dead node for two minutes where BFD did not see it die.
    `${n} graceful-restart-disable`,
    `${n} description lbctl ${peer.name}`,
    ...(peer.password === undefined ? [] : [`${n} password ${oneWord(peer.password.reveal())}`]),
    ...(peer.port === 179 ? [] : [`${n} port ${peer.port}`]),
    ...(peer.multihop > 1 && peer.remoteAs !== bgp.localAs ? [`${n} ebgp-multihop ${peer.multihop}`] : []),
    `${n} timers ${Math.round(peer.keepaliveMs / 1000)} ${Math.round(peer.holdMs / 1000)}`,
    // FRR waits two minutes between tries by default.
    `${n} timers connect 2`,
    ...(peer.bfd === undefined ? [] : [`${n} bfd`, `${n} bfd profile ${profileName(peer.bfd)}`]),
  ];
}

function policyLines(peer: BgpPeer): string[] {
  const n = `neighbor ${peer.address}`;
  return [
    `${n} maximum-prefix ${peer.maxPrefix}`,
    `${n} route-map LBCTL-IN in`,
    `${n} route-map LBCTL-OUT out`,
  ];
}

function networkLine(one: Announcement, bits: 32 | 128): string {
  return `network ${one.address}/${bits} route-map LBCTL-${one.as.toUpperCase()}`;
}

function attributes(bgp: Bgp, as: AnnounceAs): string[] {
  const metrics = as === 'active' ? bgp.active : bgp.standby;
  const communities = [...bgp.communities, ...(as === 'drain' ? ['graceful-shutdown'] : [])];
  return [
    `set local-preference ${as === 'drain' ? 0 : metrics.localPref}`,
    `set metric ${as === 'drain' ? 4_294_967_295 : metrics.med}`,
    ...(metrics.prepend > 0
      ? [`set as-path prepend ${Array(metrics.prepend).fill(bgp.localAs).join(' ')}`]
      : []),
    ...(communities.length > 0 ? [`set community ${communities.join(' ')}`] : []),
  ];
}

function prefixList(kind: 'ip' | 'ipv6', name: string, vips: readonly string[], family: 4 | 6): ConfigTree[] {
  const ours = vips.filter((one) => familyOf(one) === family).sort();
  const bits = family === 4 ? 32 : 128;
  return ours.map((one, i) => node(`${kind} prefix-list ${name} seq ${5 * (i + 1)} permit ${one}/${bits}`));
}

/** The running configuration shows it as it is; a blank would end it. */
function oneWord(secret: string): string {
  if (/\s/.test(secret))
    throw new RangeError('Cannot use a BGP password with blanks: FRR ends it at the first');
  return secret;
}

// BGP, BFD and connection sync.
import { isIPv4 } from 'node:net';
import { formatDuration } from '../../lib/duration.ts';
import { toBytes } from '../../lib/ip.ts';
import type { Bgp, ConnectionSync } from '../../model/ha.ts';
import type { Intent } from '../../model/intent.ts';
import { sharedSourceOf } from '../../model/shared-source.ts';
import type { Vip } from '../../model/vip.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';

export function checkHaRouting(context: CheckContext): void {
  const { ha } = context.intent;
  if (ha === undefined) return;
  if (ha.bgp !== undefined) checkBgp(context, ha.bgp);
  checkBfd(context);
  checkSync(context);
}

function checkBgp(context: CheckContext, bgp: Bgp): void {
  const { report, intent } = context;
  const at = (...path: (string | number)[]) => context.main('ha', 'bgp', ...path);
  if (bgp.routerId !== undefined && !isIPv4(bgp.routerId))
    report.add(
      'bgp-router-id',
      at('router_id'),
      `The router id must be an IPv4 address: current value is ${bgp.routerId}`,
    );
  if (
    !bgp.ecmp &&
    bgp.standby.localPref >= bgp.active.localPref &&
    bgp.standby.med <= bgp.active.med &&
    bgp.standby.prepend <= bgp.active.prepend
  )
    report.add(
      'bgp-preference',
      at('standby'),
      'The standby is announced at least as good as the active node: routers cannot tell them apart',
    );
  bgp.communities.forEach((community, index) => {
    if (community.split(':').some((part) => /^\d+$/.test(part) && Number(part) > 65535))
      report.add(
        'community-range',
        at('communities', index),
        `Each part of a community must be 0-65535: current value is ${community}`,
      );
  });
  const sessions = new Map((intent.ha?.bfd ?? []).map((session) => [session.name, session]));
  const seen = new Map<string, number>();
  bgp.peers.forEach((peer, index) => {
    for (const key of [peer.name, peer.address]) {
      const first = seen.get(key);
      if (first !== undefined)
        report.add(
          'bgp-duplicate-peer',
          at('peers', index, key === peer.name ? 'name' : 'address'),
          `Two BGP peers have "${key}"`,
          {
            other: at('peers', first, 'name'),
          },
        );
      else seen.set(key, index);
    }
    if (peer.holdMs < 3 * peer.keepaliveMs)
      report.add(
        'bgp-hold',
        at('peers', index, 'hold'),
        `The hold time ${formatDuration(peer.holdMs)} is less than three keepalives of ${formatDuration(peer.keepaliveMs)}`,
      );
    if (peer.bfd === undefined) return;
    const origin = at('peers', index, 'bfd');
    if (!checkReference(context, origin, peer.bfd, { noun: 'BFD session', names: sessions, section: 'ha' }))
      return;
    const session = sessions.get(peer.bfd);
    if (session !== undefined && session.peer !== peer.address)
      report.add(
        'bfd-other-peer',
        origin,
        `The BFD session "${session.name}" watches ${session.peer}, and the BGP peer is ${peer.address}`,
      );
  });
}

function checkBfd(context: CheckContext): void {
  const { report, intent } = context;
  const { ha } = intent;
  if (ha === undefined || ha.bfd.length === 0) return;
  const used = new Set(ha.bgp?.peers.map((peer) => peer.bfd));
  for (const group of ha.groups) {
    for (const track of group.track) if (track.kind === 'bfd') used.add(track.target);
    // A session that no peer names watches the other node.
    if (group.chooser === 'bfd' || group.chooser === 'bgp')
      for (const session of ha.bfd) used.add(session.name);
  }
  for (const pool of intent.pools.values())
    for (const check of [...pool.checks, ...pool.members.flatMap((member) => member.checks ?? [])])
      if (check.type === 'bfd') used.add(check.session);
  const seen = new Map<string, number>();
  ha.bfd.forEach((session, index) => {
    const peer = `${session.peer} ${session.interface ?? ''}`;
    const first = seen.get(session.name) ?? seen.get(peer);
    if (first !== undefined)
      report.add(
        'bfd-duplicate',
        context.main('ha', 'bfd', index, 'name'),
        `Two BFD sessions have the name "${session.name}" or the peer ${session.peer}`,
        {
          other: context.main('ha', 'bfd', first, 'name'),
        },
      );
    seen.set(session.name, index).set(peer, index);
    if (!used.has(session.name))
      report.add(
        'bfd-unused',
        context.main('ha', 'bfd', index, 'name'),
        `Nothing uses the BFD session "${session.name}"`,
      );
  });
}

/** onearm where no address is known that moves with the group: the other node cannot go on with connections. */
function checkOwnSources({ intent, report, at }: CheckContext, sync: ConnectionSync): void {
  if (sync.peers.length === 0) return;
  for (const listener of intent.listeners.values()) {
    if (listener.mode !== 'onearm' || listener.engine === 'ipvs') continue;
    const vips = listener.vips.map((name) => intent.vips.get(name)).filter((vip) => vip !== undefined);
    const stuck = vips.find((vip) => sharedSourceOf(vip, intent) === undefined);
    if (stuck === undefined) continue;
    report.add(
      'sync-own-source',
      at(listener, 'mode'),
      `Connections of listener "${listener.name}" by ${stuck.address} cannot follow a failover: each node speaks from an address of its own`,
      { hint: hintFor(stuck, intent) },
    );
  }
}

function hintFor(vip: Vip, { network, ha }: Intent): string {
  const { backendInterface } = network;
  const group = ha?.groups.find((one) => one.name === vip.group);
  if (group !== undefined && group.chooser !== 'bgp-ecmp' && backendInterface !== undefined)
    return `Add a VIP with interface: ${backendInterface} and group: ${group.name}; or, where members answer to the VIP through us, use mode: fullnat with source_addresses: [${vip.address}]`;
  return 'Use mode: fullnat with source_addresses that move with the group, such as the VIP';
}

function checkSync(context: CheckContext): void {
  const { report, intent, merged } = context;
  const sync = intent.ha?.sync;
  if (sync === undefined || !sync.enabled) return;
  const at = (...path: (string | number)[]) => context.main('ha', 'sync', ...path);
  if (sync.interface === undefined && !merged.unreadableBlocks.has('network'))
    report.add('sync-without-interface', at(), 'Nothing says which interface connections are sent on', {
      what: 'key',
    });
  if ((intent.ha?.groups.length ?? 0) === 0)
    report.add('sync-without-groups', at(), 'Connections are sent and no group could fail over', {
      what: 'key',
    });
  const first = toBytes(sync.multicastGroup)[0]!;
  if (isIPv4(sync.multicastGroup) ? first < 224 || first > 239 : first !== 0xff)
    report.add('sync-multicast', at('multicast_group'), `${sync.multicastGroup} is no multicast address`);
  if (sync.peers.length > 0 && (sync.certificate === undefined || sync.ca === undefined))
    report.add(
      'sync-without-certificate',
      at(sync.certificate === undefined ? 'peers' : 'certificate'),
      'Peers are named, and nothing says how they know each other',
    );
  checkOwnSources(context, sync);
  if (sync.certificate !== undefined)
    checkReference(context, at('certificate'), sync.certificate, {
      noun: 'certificate',
      names: intent.certificates,
      section: 'certificates',
    });
}

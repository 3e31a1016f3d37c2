// The block `ha` of the file -> Ha of the model, with defaults and with this node's own priority picked.

import type { Bgp, ConnectionSync, Ha, HaGroup, Track } from '../../model/ha.ts';
import { endpointKey } from '../../model/keys.ts';
import type { Vip } from '../../model/vip.ts';
import { DEFAULTS } from '../defaults.ts';
import { below, type Origin } from '../report.ts';
import type { BgpDoc, GroupDoc, HaDoc, SyncDoc, TrackDoc } from '../schema/ha.ts';
import { given } from './given.ts';
import type { SecretReader } from './secret-reader.ts';

const G = DEFAULTS.group;
const B = DEFAULTS.bgp;

export interface HaContext {
  readonly role: 'primary' | 'secondary' | 'single';
  readonly frontendInterface: string | undefined;
  readonly backendInterface: string | undefined;
  readonly vips: readonly Vip[];
  readonly secrets: SecretReader;
}

export function toHa(doc: HaDoc, origin: Origin, context: HaContext): Ha {
  return given({
    provider: doc.provider ?? DEFAULTS.haProvider,
    groups: (doc.groups ?? []).map((group, index) => toGroup(group, below(origin, 'groups', index), context)),
    bgp: doc.bgp === undefined ? undefined : toBgp(doc.bgp, below(origin, 'bgp'), context.secrets),
    bfd: (doc.bfd ?? []).map((session) =>
      given({
        name: session.name,
        peer: session.peer,
        local: session.local,
        interface: session.interface,
        transmitMs: session.transmit ?? DEFAULTS.bfd.transmitMs,
        receiveMs: session.receive ?? DEFAULTS.bfd.receiveMs,
        multiplier: session.multiplier ?? DEFAULTS.bfd.multiplier,
        multihop: session.multihop ?? false,
      }),
    ),
    sync: toSync(doc.sync, context.backendInterface),
  });
}

function toGroup(doc: GroupDoc, origin: Origin, context: HaContext): HaGroup {
  const chooser = doc.choose ?? G.chooser;
  const primary = context.role !== 'secondary';
  const staticActive = chooser === 'static' && primary;
  const secret =
    doc.auth === undefined
      ? undefined
      : context.secrets.resolve(doc.auth.secret, below(origin, 'auth', 'secret'));
  return given({
    name: doc.name,
    chooser,
    interface: doc.interface ?? context.frontendInterface ?? '',
    vips: context.vips.filter((vip) => vip.group === doc.name).map((vip) => vip.name),
    syncGroup: doc.sync_group,
    vrid: doc.vrid ?? G.vrid,
    priority: primary
      ? (doc.priority?.primary ?? G.priorityPrimary)
      : (doc.priority?.secondary ?? G.prioritySecondary),
    advertMs: doc.advert ?? G.advertMs,
    preempt: doc.preempt ?? G.preempt,
    preemptDelayMs: doc.preempt_delay ?? G.preemptDelayMs,
    vrrpVersion: (doc.vrrp_version ?? G.vrrpVersion) as 2 | 3,
    unicastPeers: doc.unicast_peers ?? [],
    sourceAddress: doc.source,
    auth: secret === undefined ? undefined : { type: doc.auth?.type ?? 'pass', secret },
    useVmac: doc.use_vmac ?? G.useVmac,
    garpCount: doc.garp_count ?? G.garpCount,
    garpRepeatMs: doc.garp_repeat ?? G.garpRepeatMs,
    track: (doc.track ?? []).map(toTrack),
    initialRole: doc.initial_role ?? (staticActive ? 'active' : 'standby'),
    leaseFile: doc.lease_file,
  });
}

function toTrack(doc: TrackDoc): Track {
  const T = DEFAULTS.track;
  return {
    kind: doc.kind,
    target: doc.target,
    weight: doc.weight ?? T.weight,
    intervalMs: doc.interval ?? T.intervalMs,
    timeoutMs: doc.timeout ?? Math.min(T.timeoutMs, doc.interval ?? T.intervalMs),
    rise: doc.rise ?? T.rise,
    fall: doc.fall ?? T.fall,
  };
}

function toBgp(doc: BgpDoc, origin: Origin, secrets: SecretReader): Bgp {
  return given({
    localAs: doc.local_as,
    routerId: doc.router_id,
    peers: doc.peers.map((peer, index) =>
      given({
        name: peer.name,
        address: peer.address,
        port: peer.port ?? B.port,
        remoteAs: peer.remote_as,
        password: secrets.resolve(peer.password, below(origin, 'peers', index, 'password')),
        multihop: peer.multihop ?? B.multihop,
        bfd: peer.bfd,
        holdMs: peer.hold ?? B.holdMs,
        keepaliveMs: peer.keepalive ?? B.keepaliveMs,
        maxPrefix: peer.max_prefix ?? B.maxPrefix,
      }),
    ),
    ecmp: doc.ecmp ?? false,
    active: metricsOf(doc.active, B.active),
    standby: metricsOf(doc.standby, B.standby),
    communities: doc.communities ?? [],
  });
}

function metricsOf(doc: BgpDoc['active'], defaults: Bgp['active']): Bgp['active'] {
  return {
    localPref: doc?.local_pref ?? defaults.localPref,
    med: doc?.med ?? defaults.med,
    prepend: doc?.prepend ?? defaults.prepend,
  };
}

function toSync(doc: SyncDoc | undefined, backendInterface: string | undefined): ConnectionSync {
  const S = DEFAULTS.sync;
  return given({
    enabled: doc === undefined ? false : (doc.enabled ?? true),
    interface: doc?.interface ?? backendInterface,
    syncId: doc?.id ?? S.syncId,
    multicastGroup: doc?.multicast_group ?? S.multicastGroup,
    port: doc?.port ?? S.port,
    ttl: doc?.ttl ?? S.ttl,
    maxBytes: doc?.max_bytes ?? S.maxBytes,
    listen: doc?.listen === undefined ? undefined : endpointKey(doc.listen.host, doc.listen.port),
    peers: (doc?.peers ?? []).map((peer) => endpointKey(peer.host, peer.port)),
    minAgeMs: doc?.min_age ?? S.minAgeMs,
    certificate: doc?.certificate,
    ca: doc?.ca,
  });
}

// The block `ha`: who carries the addresses, and what the nodes share.
import type { z } from 'zod';
import { ROLE_CHOOSERS } from '../../model/ha.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, either, isBlock, list } from './block.ts';
import { opt } from './field.ts';
import { address, duration, endpoint, port } from './numbers.ts';
import { secret } from './secret.ts';
import { flag, int, interfaceName, name, oneOf, text } from './words.ts';

const G = DEFAULTS.group;
const DAY_MS = 86_400_000;
const priorityNumber = (about: string, value: number) => int(about, { min: 1, max: 254, default: value });

const priorityBlock = block('Priority of each role.', {
  primary: opt(priorityNumber('Of the node whose role is primary (or single).', G.priorityPrimary)),
  secondary: opt(priorityNumber('Of the node whose role is secondary.', G.prioritySecondary)),
});
type PriorityBlock = z.output<typeof priorityBlock>;
const priorityOne = priorityNumber('Of this node, whatever its role.', G.priorityPrimary);
const priorityFromOne = priorityOne.transform(
  (value): PriorityBlock => ({ primary: value, secondary: value }),
);

const trackSchema = block('Something watched that lowers the priority.', {
  kind: oneOf('What is watched.', ['interface', 'script', 'file', 'process', 'pool', 'bfd'] as const),
  target: text('Interface, command line, file, process, pool or BFD session.'),
  weight: opt(
    int('Added to the priority: negative while it fails, positive while it passes; 0 faults the group.', {
      min: -253,
      max: 253,
      default: DEFAULTS.track.weight,
    }),
  ),
  interval: opt(
    duration('Time between two looks.', { minMs: 10, maxMs: DAY_MS, defaultMs: DEFAULTS.track.intervalMs }),
  ),
  timeout: opt(
    duration('How long a script may run.', { minMs: 1, maxMs: DAY_MS, defaultMs: DEFAULTS.track.timeoutMs }),
  ),
  rise: opt(
    int('Passes in a row that count as up.', {
      min: 1,
      max: 1000,
      default: DEFAULTS.track.rise,
      unit: 'checks',
    }),
  ),
  fall: opt(
    int('Failures in a row that count as down.', {
      min: 1,
      max: 1000,
      default: DEFAULTS.track.fall,
      unit: 'checks',
    }),
  ),
});

const groupSchema = block('VIPs that move as one.', {
  name: name('What VIPs and commands call it.'),
  choose: opt(oneOf('Who decides which node is active.', ROLE_CHOOSERS, G.chooser)),
  interface: opt(interfaceName('Interface the nodes speak on. Default: `network.frontend.interface`.')),
  sync_group: opt(name('Groups with the same name fail over together.')),
  vrid: opt(
    int('Virtual router id; the same on both nodes, unique on the network.', {
      min: 1,
      max: 255,
      default: G.vrid,
    }),
  ),
  priority: opt(
    either<PriorityBlock>(
      'The higher one is active: one number, or one for each role. Default: 150 and 100.',
      [
        { label: 'number', schema: priorityOne },
        { label: 'block', schema: priorityBlock },
      ],
      (value) => (isBlock(value) ? priorityBlock : (priorityFromOne as unknown as z.ZodType<PriorityBlock>)),
    ),
  ),
  advert: opt(
    duration('Time between advertisements; failover takes about three of them.', {
      minMs: 10,
      maxMs: 255_000,
      defaultMs: G.advertMs,
    }),
  ),
  preempt: opt(flag('A node of higher priority takes over again when it returns.', G.preempt)),
  preempt_delay: opt(
    duration('How long it waits before it does.', { maxMs: 1_000_000, defaultMs: G.preemptDelayMs }),
  ),
  vrrp_version: opt(
    int('VRRP version: 2 or 3. IPv6 and adverts under a second ask for 3.', {
      min: 2,
      max: 3,
      default: G.vrrpVersion,
    }),
  ),
  unicast_peers: opt(list('Addresses of the other nodes, instead of multicast.', address('A node.'))),
  source: opt(address('Our own address in the protocol.')),
  auth: opt(
    block('Authentication. VRRPv2 only.', {
      type: opt(oneOf('`pass` is plain text on the wire.', ['pass', 'ah'] as const, 'pass')),
      secret: secret('The shared word; 8 characters count.'),
    }),
  ),
  use_vmac: opt(flag('Use the virtual MAC address of the protocol.', G.useVmac)),
  garp_count: opt(
    int('Gratuitous ARP or NA messages sent on take-over.', { min: 1, max: 100, default: G.garpCount }),
  ),
  garp_repeat: opt(
    duration('Send them again this often while active; 0s is off.', {
      maxMs: DAY_MS,
      defaultMs: G.garpRepeatMs,
    }),
  ),
  track: opt(list('What lowers the priority.', trackSchema)),
  initial_role: opt(
    oneOf('Role at start. Default: standby; for `static`, active on the primary.', [
      'active',
      'standby',
    ] as const),
  ),
  lease_file: opt(
    text(
      'Where an elector writes its word, for `choose: external`: a JSON object with role, epoch and lease, as the API takes it.',
    ),
  ),
});

const metrics = (about: string, values: { localPref: number; med: number; prepend: number }) =>
  block(about, {
    local_pref: opt(
      int('Local preference; higher wins.', { min: 0, max: 4_294_967_295, default: values.localPref }),
    ),
    med: opt(
      int('Multi-exit discriminator; lower wins.', { min: 0, max: 4_294_967_295, default: values.med }),
    ),
    prepend: opt(
      int('How often our AS is repeated in the path.', { min: 0, max: 10, default: values.prepend }),
    ),
  });

const B = DEFAULTS.bgp;
const AS = { min: 1, max: 4_294_967_294 };

const bgpSchema = block('Announcing VIPs by BGP. Done by FRR.', {
  local_as: int('Our AS number.', AS),
  router_id: opt(address('Router id, an IPv4 address. Default: chosen by FRR.')),
  ecmp: opt(flag('All nodes announce alike and share the traffic.', false)),
  peers: list(
    'Routers we speak to.',
    block('A router.', {
      name: name('What commands call it.'),
      address: address('Its address.'),
      port: opt(port('Its port.', B.port)),
      remote_as: int('Its AS number.', AS),
      password: opt(secret('TCP MD5 password.')),
      multihop: opt(
        int('Hops to it at most; 1 is directly connected.', { min: 1, max: 255, default: B.multihop }),
      ),
      bfd: opt(name('Name of a session of `ha.bfd` that watches it.')),
      hold: opt(
        duration('Silence after which it counts as gone.', {
          minMs: 3000,
          maxMs: 65_535_000,
          defaultMs: B.holdMs,
        }),
      ),
      keepalive: opt(
        duration('Time between keepalives.', { minMs: 1000, maxMs: 65_535_000, defaultMs: B.keepaliveMs }),
      ),
      max_prefix: opt(
        int('Routes accepted from it at most.', { min: 1, max: 4_294_967_295, default: B.maxPrefix }),
      ),
    }),
    { min: 1 },
  ),
  active: opt(metrics('What the active node announces with.', B.active)),
  standby: opt(metrics('What a standby announces with.', B.standby)),
  communities: opt(
    list(
      'Communities put on our routes.',
      text('A community.', {
        pattern: /^\d{1,5}:\d{1,5}$|^[a-z-]+$/,
        must: 'AS:NUMBER or a well-known word',
        example: '65100:100',
      }),
    ),
  ),
});

const bfdSchema = block('A BFD session.', {
  name: name('What BGP peers, tracks and checks call it.'),
  peer: address('The other side.'),
  local: opt(address('Our address.')),
  interface: opt(interfaceName('Interface it is bound to.')),
  transmit: opt(
    duration('Time between our packets.', { minMs: 10, maxMs: 60_000, defaultMs: DEFAULTS.bfd.transmitMs }),
  ),
  receive: opt(
    duration('Shortest time between packets we accept.', {
      minMs: 10,
      maxMs: 60_000,
      defaultMs: DEFAULTS.bfd.receiveMs,
    }),
  ),
  multiplier: opt(
    int('Packets missed before it is down.', { min: 2, max: 255, default: DEFAULTS.bfd.multiplier }),
  ),
  multihop: opt(flag('The other side is not directly connected.', false)),
});

const S = DEFAULTS.sync;
const syncSchema = block('Telling the other node of our connections, so that they survive a failover.', {
  enabled: opt(flag('Whether it is done. Costs a few percent of processor time.', true)),
  interface: opt(interfaceName('Interface it is sent on. Default: `network.backend.interface`.')),
  id: opt(
    int('Sync id of the IPVS daemon; the same on both nodes.', { min: 0, max: 255, default: S.syncId }),
  ),
  multicast_group: opt(address('Group of the IPVS daemon.', S.multicastGroup)),
  port: opt(port('Port of the IPVS daemon.', S.port)),
  ttl: opt(int('Time to live of its packets.', { min: 1, max: 255, default: S.ttl })),
  max_bytes: opt(int('Longest message.', { min: 128, max: 65_000, default: S.maxBytes, unit: 'bytes' })),
  listen: opt(
    endpoint(
      'Where peers come for flows of engine xdp. Default: the first address of the interface, port 7891.',
      S.peerPort,
    ),
  ),
  peers: opt(
    list(
      'Nodes whose flows of engine xdp are taken over.',
      endpoint('address:port; without a port, 7891.', S.peerPort),
    ),
  ),
  min_age: opt(duration('Younger flows are not sent.', { maxMs: DAY_MS, defaultMs: S.minAgeMs })),
  certificate: opt(name('Certificate for the connection to peers.')),
  ca: opt(text('PEM file of the authorities of peers.')),
});

export const haSchema = block('High availability of this node and its peer.', {
  provider: opt(oneOf('What speaks VRRP.', ['keepalived', 'frr', 'none'] as const, DEFAULTS.haProvider)),
  groups: opt(list('VIPs that move together.', groupSchema)),
  bgp: opt(bgpSchema),
  bfd: opt(list('BFD sessions.', bfdSchema)),
  sync: opt(syncSchema),
});

export type HaDoc = z.output<typeof haSchema>;
export type GroupDoc = z.output<typeof groupSchema>;
export type TrackDoc = z.output<typeof trackSchema>;
export type BgpDoc = z.output<typeof bgpSchema>;
export type BfdDoc = z.output<typeof bfdSchema>;
export type SyncDoc = z.output<typeof syncSchema>;

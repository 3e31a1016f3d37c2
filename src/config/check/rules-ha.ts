// Rules about high availability.

export const HA_RULES = {
  'priority-order': {
    severity: 'error',
    what: 'The priority of the primary is not above that of the secondary',
    cure: 'Raise the first, or lower the second',
  },
  'duplicate-vrid': {
    severity: 'error',
    what: 'Two groups on one interface have the same vrid',
    cure: 'Change one of them',
  },
  'group-without-interface': {
    severity: 'error',
    what: 'Nothing says which interface a group speaks on',
    cure: 'Set its "interface", or network.frontend.interface',
  },
  'group-unused': {
    severity: 'warning',
    what: 'No VIP belongs to a group',
    cure: 'Name the group in a VIP',
  },
  'advert-fast': {
    severity: 'warning',
    what: 'Advertisements follow each other in less than 20ms',
    cure: 'A busy machine misses them: make it longer',
  },
  'advert-version': {
    severity: 'error',
    what: 'VRRPv2 counts adverts in whole seconds',
    cure: 'Use vrrp_version 3, or whole seconds',
  },
  'vrrp2-ipv6': {
    severity: 'error',
    what: 'VRRPv2 cannot carry IPv6',
    cure: 'Use vrrp_version 3',
  },
  'auth-version': {
    severity: 'error',
    what: 'VRRPv3 has no authentication',
    cure: 'Remove "auth", or use vrrp_version 2',
  },
  'auth-length': {
    severity: 'warning',
    what: 'Only 8 characters of the shared word count',
    cure: 'Use at most 8',
  },
  'group-needs': {
    severity: 'error',
    what: 'A way to choose the active node lacks what it works with',
    cure: 'Add ha.bgp or ha.bfd, or a provider',
  },
  'unicast-family': {
    severity: 'error',
    what: 'Unicast peers and our source address are of different families',
    cure: 'Use one family',
  },
  'unicast-self': {
    severity: 'error',
    what: 'A unicast peer is our own source address',
    cure: 'Name the other node',
  },
  'preempt-delay-unused': {
    severity: 'warning',
    what: 'preempt_delay has no effect while preempt is false',
    cure: 'Remove it',
  },
  'single-with-groups': {
    severity: 'warning',
    what: 'The node has role single and takes part in VRRP',
    cure: 'Set node.role to primary or secondary',
  },
  'track-duplicate': {
    severity: 'warning',
    what: 'One thing is tracked twice',
    cure: 'Remove one',
  },
  'lease-file-unused': {
    severity: 'warning',
    what: 'A group has a lease file and no elector',
    cure: 'Set "choose: external" on the group, or remove lease_file',
  },
  'bgp-duplicate-peer': {
    severity: 'error',
    what: 'Two BGP peers have the same name or address',
    cure: 'Remove one',
  },
  'bgp-router-id': {
    severity: 'error',
    what: 'The router id is no IPv4 address',
    cure: 'Write an IPv4 address',
  },
  'bgp-hold': {
    severity: 'warning',
    what: 'The hold time is less than three keepalives',
    cure: 'Make it at least three times the keepalive',
  },
  'bgp-preference': {
    severity: 'warning',
    what: 'The standby is announced with a preference not below the active one',
    cure: 'Lower standby.local_pref',
  },
  'community-range': {
    severity: 'error',
    what: 'A part of a community is above 65535',
    cure: 'Stay within 0-65535',
  },
  'bfd-duplicate': {
    severity: 'error',
    what: 'Two BFD sessions have the same name or peer',
    cure: 'Remove one',
  },
  'bfd-unused': {
    severity: 'warning',
    what: 'Nothing uses a BFD session',
    cure: 'Name it in a BGP peer, a track or a check',
  },
  'bfd-other-peer': {
    severity: 'warning',
    what: 'A BGP peer is watched by a BFD session with another address',
    cure: 'Name a session with its address',
  },
  'sync-without-interface': {
    severity: 'error',
    what: 'Nothing says which interface connections are sent on',
    cure: 'Set ha.sync.interface, or network.backend.interface',
  },
  'sync-without-groups': {
    severity: 'warning',
    what: 'Connections are sent and there is no group that could fail over',
    cure: 'Add ha.groups, or remove ha.sync',
  },
  'sync-without-certificate': {
    severity: 'error',
    what: 'Flows are exchanged with peers, and nothing says how they know each other',
    cure: 'Set ha.sync.certificate and ha.sync.ca: peers speak TLS with certificates on both sides',
  },
  'sync-own-source': {
    severity: 'warning',
    what: 'Connections of a listener cannot follow a failover as each node speaks to members from an address of its own',
    cure: "Add a VIP of the members' network to the group, or use mode fullnat with source_addresses that move with the group",
  },
  'sync-multicast': {
    severity: 'error',
    what: 'The multicast group is no multicast address',
    cure: 'Use one of 224.0.0.0/4',
  },
} as const;

// Rules about virtual addresses.

export const ADDRESS_RULES = {
  'duplicate-address': {
    severity: 'error',
    what: 'Two VIPs have one address',
    cure: 'Remove one, and name the other in both places',
  },
  'vip-network-address': {
    severity: 'error',
    what: 'A VIP is the network address of its own prefix',
    cure: 'Use an address inside the prefix, or /32',
  },
  'vip-broadcast-address': {
    severity: 'error',
    what: 'A VIP is the broadcast address of its own prefix',
    cure: 'Use an address inside the prefix, or /32',
  },
  'vip-special-address': {
    severity: 'error',
    what: 'A VIP is an unspecified, multicast or broadcast address',
    cure: 'Use a unicast address',
  },
  'vip-loopback': {
    severity: 'warning',
    what: 'A VIP is a loopback or link-local address, which clients elsewhere cannot reach',
    cure: 'Use a routed address',
  },
  'vip-without-interface': {
    severity: 'error',
    what: 'Nothing says which interface carries a VIP',
    cure: 'Set its "interface", or network.frontend.interface',
  },
  'vip-unused': {
    severity: 'warning',
    what: 'No listener uses a VIP',
    cure: 'Remove it, or add a listener',
  },
  'vip-advertise-without-bgp': {
    severity: 'warning',
    what: 'A VIP is to be announced and there is no ha.bgp',
    cure: 'Add ha.bgp, or remove "advertise"',
  },
  'unknown-reference': {
    severity: 'error',
    what: 'A name refers to nothing',
    cure: 'Correct its spelling, or add the object',
  },
} as const;

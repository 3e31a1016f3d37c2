// Rules about pools, members and health checks.

export const POOL_RULES = {
  'pool-empty': {
    severity: 'warning',
    what: 'A pool has no members',
    cure: 'Add some: listeners on it refuse all traffic',
  },
  'pool-unused': {
    severity: 'warning',
    what: 'No listener uses a pool',
    cure: 'Remove it, or name it in a listener',
  },
  'duplicate-member': {
    severity: 'error',
    what: 'Two members of a pool have the same address and port',
    cure: 'Remove one, and add up their weights',
  },
  'duplicate-member-name': {
    severity: 'error',
    what: 'Two members of a pool have the same name',
    cure: 'Rename one of them',
  },
  'member-special-address': {
    severity: 'error',
    what: 'A member is an unspecified, multicast or broadcast address',
    cure: 'Use the address of a machine',
  },
  'member-is-vip': {
    severity: 'warning',
    what: 'A member has the address of a VIP',
    cure: 'Traffic would come back to us: use the address of the machine',
  },
  'all-weights-zero': {
    severity: 'warning',
    what: 'All members have weight 0',
    cure: 'Give one a weight: nobody gets a new flow',
  },
  'all-members-off': {
    severity: 'warning',
    what: 'All members are drained or down by their state',
    cure: 'Enable one',
  },
  'backup-only': {
    severity: 'warning',
    what: 'A pool has backup members only',
    cure: 'Make one an ordinary member',
  },
  'single-fall': {
    severity: 'warning',
    what: 'A single failed check takes the only member down',
    cure: 'Set fall to 2 or more',
  },
  'weights-ignored': {
    severity: 'warning',
    what: 'Members have different weights, and the scheduler ignores weights',
    cure: 'Use wrr, wlc, sh or mh',
  },
  'timeout-over-interval': {
    severity: 'error',
    what: 'A check may take longer than the time to the next one',
    cure: 'Make the timeout shorter, or the interval longer',
  },
  'interval-short': {
    severity: 'warning',
    what: 'Checks follow each other in less than 100ms',
    cure: 'Make the interval longer',
  },
  'fast-interval-slow': {
    severity: 'warning',
    what: 'The fast interval is longer than the interval',
    cure: 'Make it shorter',
  },
  'check-port-missing': {
    severity: 'error',
    what: 'Nothing says which port to check',
    cure: 'Set "port" in the check',
  },
  'check-family': {
    severity: 'error',
    what: 'The source address of a check is of another family than what it asks',
    cure: 'Use one of the same family',
  },
  'check-regex': {
    severity: 'error',
    what: 'A regular expression cannot be read',
    cure: 'Correct it',
  },
  'check-reply-range': {
    severity: 'error',
    what: 'The shortest answer is longer than the longest',
    cure: 'Swap min_reply_bytes and max_reply_bytes',
  },
  'check-head-body': {
    severity: 'error',
    what: 'HEAD has no body that could be compared',
    cure: 'Use GET',
  },
  'check-requests': {
    severity: 'error',
    what: '"requests" and keys of a single request are both set',
    cure: 'Move the keys into "requests"',
  },
  'check-script-path': {
    severity: 'error',
    what: 'A program is not named by its absolute path',
    cure: 'Write the whole path',
  },
  'check-client-key': {
    severity: 'error',
    what: 'A client certificate and its key are not both set',
    cure: 'Set both',
  },
  'check-always-down': {
    severity: 'warning',
    what: 'A fixed check keeps all members down',
    cure: 'Remove it, or use the state of a member',
  },
  'check-via-vip': {
    severity: 'warning',
    what: 'via_vip goes with dr and tunnel only',
    cure: 'Remove it',
  },
  'slow-start-unchecked': {
    severity: 'warning',
    what: 'Slow start follows recovery, and nothing is checked',
    cure: 'Add "health", or remove slow_start',
  },
  'quorum-over-weight': {
    severity: 'error',
    what: 'The quorum is more than all members together weigh',
    cure: 'Lower the quorum, or raise weights',
  },
  'hysteresis-over-quorum': {
    severity: 'warning',
    what: 'With this hysteresis the quorum is never lost',
    cure: 'Make it smaller than the quorum',
  },
  'sorry-is-member': {
    severity: 'error',
    what: 'The sorry server is a member of the pool',
    cure: 'Use another server',
  },
  'connections-order': {
    severity: 'error',
    what: 'min_connections is above max_connections',
    cure: 'Swap them',
  },
  'min-without-max': {
    severity: 'warning',
    what: 'min_connections has no effect without max_connections',
    cure: 'Set max_connections, or remove it',
  },
  'queue-without-limit': {
    severity: 'warning',
    what: 'max_queue has no effect while no member has max_connections',
    cure: 'Set max_connections',
  },
  'drain-zero': {
    severity: 'warning',
    what: 'Clients stick to members, and a removed member is cut off at once',
    cure: 'Set drain',
  },
  'guard-members': {
    severity: 'error',
    what: 'A listener has more members than the guard permits',
    cure: 'Raise guard.max_members_per_listener',
  },
  'pool-tls-unverified': {
    severity: 'warning',
    what: 'Members are spoken to by TLS and not verified, though an authority is named',
    cure: 'Set verify to true',
  },
} as const;

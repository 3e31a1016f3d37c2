// Rules about listeners, their engines, TLS and HTTP rules.

export const LISTENER_RULES = {
  'listener-without-address': {
    severity: 'error',
    what: 'A listener has neither a VIP nor a mark',
    cure: 'Set "vip"',
  },
  'listener-without-port': {
    severity: 'error',
    what: 'A listener has neither a port nor a mark',
    cure: 'Set "port"',
  },
  'one-and-many': {
    severity: 'error',
    what: 'A key and its plural are both set',
    cure: 'Keep the plural',
  },
  'mark-with-address': {
    severity: 'error',
    what: 'A listener takes a firewall mark and an address or port too',
    cure: 'Keep one of the two',
  },
  'mark-without-family': {
    severity: 'error',
    what: 'A mark listener does not say its address family',
    cure: 'Set mark_family to 4 or 6',
  },
  'family-without-mark': {
    severity: 'warning',
    what: 'mark_family has no effect without a mark',
    cure: 'Remove it',
  },
  'duplicate-mark': {
    severity: 'error',
    what: 'Two listeners take one firewall mark',
    cure: 'Change one of them',
  },
  'port-clash': {
    severity: 'error',
    what: 'Two listeners take the same address, port and transport',
    cure: 'Change one of them',
  },
  'port-overlap': {
    severity: 'error',
    what: 'Port ranges of two listeners on one address and transport overlap',
    cure: 'Change one of them',
  },
  'places-many': {
    severity: 'error',
    what: 'The listeners together take more pairs of address and port than are read',
    cure: 'Write neighbouring ports as a range, or spread the addresses over several nodes',
  },
  'range-large': {
    severity: 'warning',
    what: 'A port range is so wide that an engine without ranges needs a service for each port',
    cure: 'Make it smaller, or use a firewall mark',
  },
  'vip-repeated': {
    severity: 'warning',
    what: 'A listener names one VIP twice',
    cure: 'Remove one',
  },
  'listener-without-pool': {
    severity: 'error',
    what: 'A listener has neither a pool nor members',
    cure: 'Set "pool", or "members"',
  },
  'pool-and-members': {
    severity: 'error',
    what: 'A listener names a pool and holds keys of a pool too',
    cure: 'Move the keys to the pool',
  },
  'engine-protocol': {
    severity: 'error',
    what: 'The engine cannot do the protocol',
    cure: 'Choose another engine, or leave it to auto',
  },
  'engine-mode': {
    severity: 'error',
    what: 'The engine cannot do the mode',
    cure: 'Choose another mode or engine',
  },
  'engine-scheduler': {
    severity: 'error',
    what: 'The engine does not have the scheduler',
    cure: 'Choose another scheduler or engine',
  },
  'engine-flag': {
    severity: 'error',
    what: 'The engine does not have the scheduler flag',
    cure: 'Remove the flag, or choose another engine',
  },
  'engine-tunnel': {
    severity: 'error',
    what: 'The engine does not have the encapsulation',
    cure: 'Choose another encapsulation or engine',
  },
  'engine-persistence': {
    severity: 'error',
    what: 'The engine does not have the kind of persistence',
    cure: 'Choose another kind or engine',
  },
  'engine-mark': {
    severity: 'error',
    what: 'The engine does not know firewall marks',
    cure: 'Use engine ipvs',
  },
  'engine-rate-limit': {
    severity: 'error',
    what: 'The engine cannot limit rates',
    cure: 'Use engine haproxy or xdp',
  },
  'engine-proxy-feature': {
    severity: 'error',
    what: 'Only a terminating proxy can do this',
    cure: 'Use engine haproxy (protocol tcp, http or https), or remove it',
  },
  'no-engine': {
    severity: 'error',
    what: 'No engine can do all that the listener asks for',
    cure: 'Drop one of the features named',
  },
  'without-effect': {
    severity: 'warning',
    what: 'A setting has no effect where it stands',
    cure: 'Remove it',
  },
  'port-translation': {
    severity: 'error',
    what: 'A mode that leaves packets as they are cannot change the port',
    cure: 'Leave the port of the member out, or use nat',
  },
  'range-translation': {
    severity: 'error',
    what: 'A port range cannot be sent to one port of a member',
    cure: 'Leave the port of the member out',
  },
  'family-mismatch': {
    severity: 'error',
    what: 'A VIP and a member are of different address families, and the mode cannot cross',
    cure: 'Use tunnel or proxy, or members of the family of the VIP',
  },
  'tls-missing': {
    severity: 'error',
    what: 'An https listener has no tls block',
    cure: 'Add "tls" with "certificates"',
  },
  'tls-unexpected': {
    severity: 'error',
    what: 'The tls block stands on a listener that does not terminate TLS',
    cure: 'Use protocol https, or remove the block',
  },
  'http-unexpected': {
    severity: 'error',
    what: 'The http block stands on a listener that does not read HTTP',
    cure: 'Use protocol http or https, or remove the block',
  },
  'no-certificate': {
    severity: 'error',
    what: 'A listener terminates TLS and names no certificate',
    cure: 'Name one in tls.certificates',
  },
  'certificate-files': {
    severity: 'error',
    what: 'A certificate names no file, or a key alone, or is half file and half text',
    cure: 'Set "certificate", or "certificate_pem" and "key_pem"',
  },
  'alpn-unknown': {
    severity: 'warning',
    what: 'A protocol offered by ALPN is none that we speak',
    cure: 'Use h3, h2 and http/1.1',
  },
  'tls-version-order': {
    severity: 'error',
    what: 'The oldest TLS version is newer than the newest',
    cure: 'Swap min_version and max_version',
  },
  'tls-weak': {
    severity: 'warning',
    what: 'TLS before 1.2 is accepted',
    cure: 'Set min_version to 1.2',
  },
  'ciphers-unused': {
    severity: 'warning',
    what: 'Ciphers are named for a TLS version that is not in use',
    cure: 'Remove them',
  },
  'client-ca-missing': {
    severity: 'error',
    what: 'Clients are asked for certificates and no authority is named',
    cure: 'Set tls.client_ca',
  },
  'client-ca-unused': {
    severity: 'warning',
    what: 'An authority for clients is named and they are not asked for certificates',
    cure: 'Set tls.client_auth, or remove it',
  },
  'fullnat-without-source': {
    severity: 'error',
    what: 'Mode fullnat has no source addresses',
    cure: 'Set source_addresses',
  },
  'source-family': {
    severity: 'error',
    what: 'A source address of fullnat is of another family than every member',
    cure: 'Use one of the family of the members',
  },
  'scheduler-flag': {
    severity: 'error',
    what: 'The scheduler flag does not go with the scheduler or the protocol',
    cure: 'Remove the flag',
  },
  'scheduler-key': {
    severity: 'error',
    what: 'Scheduler header does not say which header',
    cure: 'Set scheduler.key',
  },
  'persistence-cookie': {
    severity: 'error',
    what: 'Persistence app-cookie does not say which cookie',
    cure: 'Set persistence.cookie',
  },
  'cookie-protocol': {
    severity: 'error',
    what: 'Cookies need a listener that reads HTTP',
    cure: 'Use protocol http or https',
  },
  'sip-protocol': {
    severity: 'error',
    what: 'Persistence sip needs udp',
    cure: 'Use protocol udp',
  },
  'persistence-long': {
    severity: 'warning',
    what: 'Persistence lasts longer than a day',
    cure: 'Make it shorter: each client costs memory all that time',
  },
  'persistence-one-packet': {
    severity: 'warning',
    what: 'one-packet schedules every datagram afresh, against persistence',
    cure: 'Remove one of the two',
  },
  'source-host-bits': {
    severity: 'warning',
    what: 'A network has bits set outside its prefix',
    cure: 'Write the network address',
  },
  'source-family-unused': {
    severity: 'warning',
    what: 'An allowed network is of a family that no VIP of the listener has',
    cure: 'Remove it, or add a VIP',
  },
  'source-everyone': {
    severity: 'warning',
    what: 'An allowed network is the whole Internet',
    cure: 'Remove allowed_sources',
  },
  'source-repeated': {
    severity: 'warning',
    what: 'An allowed network is named twice or lies in another',
    cure: 'Remove it',
  },
  'rule-name': {
    severity: 'error',
    what: 'Two rules of a listener have the same name',
    cure: 'Rename one of them',
  },
  'rule-action': {
    severity: 'error',
    what: 'A rule has no action, or more than one',
    cure: 'Keep exactly one of reject, pool, redirect_url and redirect_prefix',
  },
  'rule-key': {
    severity: 'error',
    what: 'A match does not say which header, cookie, parameter or field',
    cure: 'Set "key"',
  },
  'rule-compare': {
    severity: 'error',
    what: 'The comparison does not go with what is compared',
    cure: 'Use one of the comparisons named',
  },
  'rule-value': {
    severity: 'error',
    what: 'A match has no value, or one that can never match',
    cure: 'Correct the value',
  },
  'rule-regex': {
    severity: 'error',
    what: 'A regular expression cannot be read',
    cure: 'Correct it',
  },
  'rule-tls': {
    severity: 'error',
    what: 'A match looks at TLS on a listener that has none',
    cure: 'Use protocol https or tls',
  },
  'rule-http': {
    severity: 'error',
    what: 'A match or action needs HTTP on a listener that passes TLS through',
    cure: 'Use matches on sni and actions pool or reject',
  },
  'rule-unreachable': {
    severity: 'warning',
    what: 'A rule stands behind one that always acts',
    cure: 'Move it up, or remove it',
  },
  'redirect-target': {
    severity: 'error',
    what: 'A redirect has no URL',
    cure: 'Write https://HOST/PATH, or a path',
  },
  'error-page': {
    severity: 'error',
    what: 'No error page can be set for this code',
    cure: 'Use one of the codes named',
  },
  'header-conflict': {
    severity: 'warning',
    what: 'A header is set and removed',
    cure: 'Keep one of the two',
  },
  'no-listeners': {
    severity: 'warning',
    what: 'The configuration has no listener',
    cure: 'Add one',
  },
} as const;

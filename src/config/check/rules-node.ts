// Rules about the node and its doors.

export const NODE_RULES = {
  'api-without-tls': {
    severity: 'error',
    what: 'The API listens on TCP without TLS',
    cure: 'Add api.tls, or use the socket',
  },
  'api-tls-unused': {
    severity: 'warning',
    what: 'api.tls has no effect without api.listen',
    cure: 'Remove it',
  },
  'api-clients-without-ca': {
    severity: 'error',
    what: 'Client certificates are spoken of, and no authority is named that they could be of',
    cure: 'Set api.tls.client_ca',
  },
  'api-client-twice': {
    severity: 'error',
    what: 'A client of the API is named twice',
    cure: 'Keep one of the entries',
  },
  'door-clash': {
    severity: 'error',
    what: 'The API and the metrics listen on one address and port',
    cure: 'Change one of them',
  },
  'mail-login': {
    severity: 'error',
    what: 'A user name for the mail server has no password, or the other way round',
    cure: 'Set both',
  },
  'mail-plain-login': {
    severity: 'warning',
    what: 'The password goes to the mail server in clear',
    cure: 'Set tls to starttls or implicit',
  },
  'token-in-clear': {
    severity: 'warning',
    what: 'A secret is sent over plain HTTP to another machine',
    cure: 'Use https',
  },
  'relative-path': {
    severity: 'error',
    what: 'A path is not absolute',
    cure: 'Write the whole path',
  },
  'sysctl-name': {
    severity: 'error',
    what: 'The name of a sysctl cannot be one',
    cure: 'Write it with dots: net.core.somaxconn',
  },
  'guard-off': {
    severity: 'warning',
    what: 'The guard lets every removal pass',
    cure: 'Set max_delete_percent below 100',
  },
  'notify-nobody': {
    severity: 'warning',
    what: 'Events are named and nobody is told',
    cure: 'Add mail, scripts, webhooks or fifos',
  },
  'xdp-without-interface': {
    severity: 'error',
    what: 'Engine xdp has no interface to attach to',
    cure: 'Set data_plane.xdp.interfaces, or network.frontend.interface',
  },
} as const;

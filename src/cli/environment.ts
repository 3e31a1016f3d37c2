// The environment variables that lbctl reads, and what each is for: one list for the man page and the reference.

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  LBCTL_CONFIG: 'names the configuration file',
  LBCTL_SOCKET: 'names the socket of the daemon',
  LBCTL_SERVER: 'a daemon elsewhere: https://HOST:PORT',
  LBCTL_TOKEN: 'a token for it',
  LBCTL_CA: 'the authority of its certificate',
  LBCTL_CERT: 'our certificate for it',
  LBCTL_KEY: 'the key of our certificate',
  LBCTL_HISTORY: 'the file in which "lbctl shell" keeps its lines',
  LBCTL_BPF_DIR:
    'where XDP programs are pinned, below a bpf file system: one folder for each daemon of a machine',
  NO_COLOR: 'turns colour off',
  LBCTL_DEBUG: 'set to 1: adds the stack to an error',
  LBCTL_NLDEBUG: 'set to 1: prints every netlink message, sent and received',
  LBCTL_UNPACK_DIR: 'where the executable unpacks its addon for a moment; must allow execution',
};

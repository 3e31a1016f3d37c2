// Four kinds of error on one base, and the catalogue of their codes. `retry` is decided where the error is made.

/** `never`: the same call fails again. `on-change`: wait until what it refers to changes, and look now and then. `backoff`: try later. */
export type Retry = 'never' | 'on-change' | 'backoff';

/** Code -> what it means and what cures it. A test compares it with docs/reference/errors.md in both directions. */
export const ERROR_CATALOGUE = {
  CONFIG_INVALID: {
    what: 'The configuration has errors',
    cure: 'Correct the lines that "lbctl validate" names',
  },
  CONFIG_UNREADABLE: {
    what: 'A configuration file cannot be read',
    cure: 'Check the path and its permissions',
  },
  USAGE: {
    what: 'The command line, or the request to the API, is wrong',
    cure: 'See "lbctl help", or /v1/openapi.json',
  },
  NOT_FOUND: { what: 'The named object does not exist', cure: 'List what exists with "lbctl show"' },
  OBJECT_EXISTS: {
    what: 'An object of this name exists already',
    cure: 'Change it instead, or choose another name',
  },
  QUOTA_EXCEEDED: {
    what: 'The project would have more of a kind than its quota allows',
    cure: 'Take away what is not needed, or ask an admin for more: "lbctl get quota" tells what is used',
  },
  OBJECT_IN_USE: {
    what: 'Other objects refer to the object',
    cure: 'Change them first, or take them away too with "cascade"',
  },
  OBJECT_FROM_FILE: {
    what: 'The object stands in a configuration file, so the API may not change it',
    cure: 'Change the file and run "lbctl reload"',
  },
  ETAG_MISSING: {
    what: 'A change of an object must say which state of it is changed',
    cure: 'Read the object, and send its ETag as "If-Match" ("*" for any state)',
  },
  ETAG_STALE: {
    what: 'The object was changed by somebody else in the meantime',
    cure: 'Read it again, look at the difference, and send the new ETag',
  },
  TRIAL_RUNS: {
    what: 'A configuration is on trial, so nothing else may change it',
    cure: 'Keep it with "lbctl confirm", or wait until it is undone',
  },
  STATE_UNWRITABLE: {
    what: 'The state file cannot be written: nothing was changed, and what serves goes on serving',
    cure: 'Look at the space on the disk of "system.state_dir", and whether it is mounted read-only',
  },
  RUN_DIR_UNWRITABLE: {
    what: 'A file of the run directory cannot be written: what serves goes on serving, and members follow their health',
    cure: 'Look at the space on the disk of "system.run_dir", and whether it is mounted read-only; it is tried again by itself',
  },
  CONFLICT: {
    what: 'Somebody else made an object on this key',
    cure: 'Remove it, or set "adopt: true" on the listener; a program that listens there must be stopped',
  },
  GUARD_HELD: {
    what: 'A guard holds the plan back',
    cure: 'Look at the plan, then confirm it with "--force"',
  },
  ENGINE_UNAVAILABLE: { what: 'The machine lacks the engine a listener needs', cure: 'Run "lbctl doctor"' },
  UNREACHABLE: {
    what: 'The other side does not answer',
    cure: 'Check that it runs and that the address is right',
  },
  TIMEOUT: {
    what: 'An operation took longer than its deadline',
    cure: 'Look at the load and at the other side',
  },
  LAB_FAILED: {
    what: 'A lab could not be built, or what was asked of it could not be done',
    cure: 'Install what it says is missing; "lbctl lab down NAME" removes what is left of it',
  },
  DENIED: {
    what: 'The operation is not permitted',
    cure: 'Run as root, or with the capabilities that "lbctl doctor" names',
  },
  NOT_READY: {
    what: 'The daemon has not finished its first round',
    cure: 'Try again in a moment; its log says what it waits for',
  },
  RATE_LIMITED: {
    what: 'Too many requests, or too many that failed to say who asks',
    cure: 'Wait as long as "Retry-After" says',
  },
  DRIVER_FAILED: {
    what: 'A driver refused an operation',
    cure: 'Read the message of the outside that comes with it',
  },
  IPVS_MISSING: {
    what: 'The kernel has no IPVS, or not for this protocol or address family',
    cure: 'Load it with "modprobe ip_vs" on a kernel that has it, or choose another engine',
  },
  IPVS_SCHEDULER_MISSING: {
    what: 'The kernel module of a scheduler or persistence engine is missing',
    cure: 'Load the module named, or choose another scheduler',
  },
  IPVS_BUSY: { what: 'IPVS is busy with another change', cure: 'Nothing to do: it is tried again' },
  IPVS_RACE: {
    what: 'Somebody else changed the IPVS table at the same moment',
    cure: 'Nothing to do: it is looked at again; find the other writer if it comes back',
  },
  NFT_FAILED: {
    what: 'nftables refused the rules of table "lbctl"',
    cure: 'Check that nft is installed and the kernel has nf_tables; the message names the rule',
  },
  HAPROXY_REFUSED: {
    what: 'HAProxy cannot take what a listener asks for',
    cure: 'Correct what the message names; the other listeners are not touched',
  },
  HAPROXY_FAILED: {
    what: 'HAProxy did not start or reload; what ran before runs on',
    cure: 'Read what HAProxy says in the message and in haproxy.log of the run directory',
  },
  PORT_IN_USE: {
    what: 'Another program listens on the address and port',
    cure: 'Stop that program or choose another port: "ss -ltnp" names it',
  },
  CERTIFICATE_INVALID: {
    what: 'A certificate or its key cannot be used',
    cure: 'Give a certificate that is valid now with its own unencrypted key',
  },
  FILE_UNREADABLE: {
    what: 'A file that a listener or pool names cannot be read',
    cure: 'Check the path and its permissions',
  },
  INTERFACE_MISSING: {
    what: 'A network interface does not exist',
    cure: 'Correct the name, or bring the interface into being: it is tried again then',
  },
  ADDRESS_DUPLICATE: {
    what: 'Another machine on the wire holds the address',
    cure: 'Take the address off the machine with the hardware address named',
  },
  XDP_FOREIGN_PROGRAM: {
    what: 'Another XDP program holds the interface; ours never replaces one',
    cure: 'Detach it ("ip link set dev IF xdp off", "xdp-loader unload IF"), or leave the interface out of data_plane.xdp.interfaces',
  },
  XDP_UNSUPPORTED: {
    what: 'The interface cannot run XDP in the mode asked for',
    cure: 'Set data_plane.xdp.attach to "auto" or "generic"',
  },
  XDP_LIMIT: {
    what: 'A table of the XDP data plane would overflow',
    cure: 'Raise the limit under data_plane.xdp that the message names; it takes effect when the tables are made anew',
  },
  XDP_IMPOSSIBLE: {
    what: 'The XDP data plane cannot do what this listener asks',
    cure: 'Change the listener as the message says, or use another engine',
  },
  HA_REFUSED: {
    what: 'keepalived or FRR refused what it was told',
    cure: 'Read its own message that comes with it; check that it is installed and recent enough',
  },
  INTERNAL: {
    what: 'An invariant of ours broke',
    cure: 'Report it with the output of "lbctl support bundle"',
  },
} as const satisfies Record<string, { what: string; cure: string }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Wins over the catalogue's general cure. */
  readonly hint?: string;
}

export class LbError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, retry: Retry, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retry = retry;
    this.details = options.details ?? {};
    this.hint = options.hint ?? ERROR_CATALOGUE[code].cure;
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retry: this.retry,
      details: this.details,
    };
  }
}

/** What went wrong with its cure, where one line must tell both. */
export function whyOf(error: unknown): string {
  return error instanceof LbError ? `${error.message}. ${error.hint}` : String(error);
}

/** A person or client is wrong: exit 2, HTTP 4xx, never retried. */
export class InputError extends LbError {
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, 'never', options);
  }
}

/** Refers to what is not here yet: looked at again when something changes. */
export class WaitingError extends LbError {
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, 'on-change', options);
  }
}

export interface OpDetails {
  /** What was attempted, in the outside's own words: `IPVS_CMD_NEW_DEST`, `RTM_NEWADDR`, `connect`. */
  readonly op: string;
  readonly target?: string;
  /** Symbolic: `EBUSY`. */
  readonly errno?: string;
  /** The outside's own message, verbatim. */
  readonly kernelMessage?: string;
}

/** The outside refused. */
export class OpError extends LbError {
  readonly op: OpDetails;

  constructor(
    code: ErrorCode,
    message: string,
    op: OpDetails,
    options: ErrorOptions & { retry?: Retry } = {},
  ) {
    super(code, message, options.retry ?? 'backoff', { ...options, details: { ...options.details, ...op } });
    this.op = op;
  }
}

/** Our invariant broke: stop that task, tell loudly, keep traffic as it is. */
export class BugError extends LbError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('INTERNAL', message, 'never', options);
  }
}

/** Joins many failures: the first ten, then a count. */
export function joinErrors(errors: readonly Error[], limit = 10): string {
  const shown = errors.slice(0, limit).map((error) => error.message);
  const more = errors.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; ${more} more` : shown.join('; ');
}

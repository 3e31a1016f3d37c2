// What the kernel's refusals of bpf(2) mean to an operator: errno to a coded error with its cure.
import { constants } from 'node:os';
import { OpError } from '../../model/errors.ts';
import { strerror } from './libc.ts';

/** EWOULDBLOCK is a second name of EAGAIN. */
const NAMES = new Map(
  Object.entries(constants.errno).flatMap(([name, number]) =>
    name === 'EWOULDBLOCK' ? [] : [[number as number, name]],
  ),
);

export function errnoName(number: number): string {
  return NAMES.get(Math.abs(number)) ?? `errno ${Math.abs(number)}`;
}

export interface BpfFault {
  readonly op: string;
  readonly target: string;
  /** Positive errno. */
  readonly errno: number;
  /** The verifier's or libbpf's own words. */
  readonly log?: string;
  readonly hint?: string;
}

export function bpfError(what: string, fault: BpfFault): OpError {
  const errno = errnoName(fault.errno);
  const denied = errno === 'EPERM' || errno === 'EACCES';
  const hint = fault.hint ?? hintOf(errno);
  return new OpError(
    denied ? 'DENIED' : 'DRIVER_FAILED',
    `Cannot ${what} as the kernel refuses ${fault.op}: current value is ${errno}`,
    {
      op: fault.op,
      target: fault.target,
      errno,
      kernelMessage: fault.log ?? strerror(fault.errno),
    },
    { ...(hint === undefined ? {} : { hint }), retry: denied ? 'never' : 'backoff' },
  );
}

function hintOf(errno: string): string | undefined {
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
      return 'Run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON';
    case 'E2BIG':
      return 'A table is full: raise the limit under data_plane.xdp that the message names';
    case 'ENOMEM':
      return 'Lower data_plane.xdp.max_flows, or raise the memory limit of the service (LimitMEMLOCK=infinity)';
    case 'EBUSY':
      return 'Another XDP program is attached: detach it ("ip link set dev IF xdp off"), or take the interface out of data_plane.xdp.interfaces';
    case 'EOPNOTSUPP':
      return 'The driver has no native XDP: set data_plane.xdp.attach to "generic" or "auto"';
    default:
      return undefined;
  }
}

// What an errno of IPVS means. The same number says different things to different commands (ip_vs_ctl.c).
import type { OpError } from '../../model/errors.ts';
import { ERRNO } from '../native/errno.ts';
import { type Failure, readErrno, toOpError } from '../op-error.ts';
import type { IpvsCommand } from '../ports.ts';
import { formatServiceKey } from './ipvs-text.ts';

const OP_NAME: Readonly<Record<IpvsCommand['kind'], string>> = {
  'add-service': 'IPVS_CMD_NEW_SERVICE',
  'set-service': 'IPVS_CMD_SET_SERVICE',
  'delete-service': 'IPVS_CMD_DEL_SERVICE',
  'zero-service': 'IPVS_CMD_ZERO',
  'add-destination': 'IPVS_CMD_NEW_DEST',
  'set-destination': 'IPVS_CMD_SET_DEST',
  'delete-destination': 'IPVS_CMD_DEL_DEST',
};

const EPROTONOSUPPORT = 93;
const EAFNOSUPPORT = 97;

/** `tcp/192.0.2.10:80 > 10.0.0.1:80` */
export function targetOf(command: IpvsCommand): string {
  const key =
    'key' in command ? command.key : 'destination' in command ? command.service : command.service.key;
  const service = formatServiceKey(key);
  if (!('destination' in command)) return service;
  const { address, port } = command.destination;
  return `${service} > ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

export function toIpvsError(command: IpvsCommand, failure: Omit<Failure, 'op' | 'target'>): OpError {
  const full: Failure = { ...failure, op: OP_NAME[command.kind], target: targetOf(command) };
  return toOpError(full, readIpvsErrno(command, failure.errno));
}

/** The kernel has no IPVS: its generic netlink family is unknown. */
export function missingIpvs(): OpError {
  return toOpError(
    { op: 'CTRL_CMD_GETFAMILY', target: 'IPVS', errno: ERRNO.ENOENT },
    { code: 'IPVS_MISSING', retry: 'on-change' },
  );
}

function readIpvsErrno(command: IpvsCommand, errno: number): ReturnType<typeof readErrno> {
  if (command.kind === 'add-service' || command.kind === 'set-service') {
    if (errno === ERRNO.ENOENT) return missingModule(command.service.scheduler, command.service.engine);
    if (errno === EPROTONOSUPPORT || errno === EAFNOSUPPORT) {
      return {
        code: 'IPVS_MISSING',
        retry: 'never',
        hint: 'This kernel was built without that protocol or family in IPVS',
      };
    }
  }
  if (errno === ERRNO.ESRCH || errno === ERRNO.ENOENT || errno === ERRNO.EEXIST) {
    return { code: 'IPVS_RACE', retry: 'backoff' };
  }
  if (errno === ERRNO.EBUSY) return { code: 'IPVS_BUSY', retry: 'backoff' };
  if (errno === ERRNO.EINVAL && command.kind.endsWith('-destination')) {
    return {
      code: 'DRIVER_FAILED',
      retry: 'never',
      hint: 'The member address must be a unicast address of the service family',
    };
  }
  return readErrno(errno);
}

function missingModule(scheduler: string, engine: string): ReturnType<typeof readErrno> {
  const modules = [`ip_vs_${scheduler}`, ...(engine === '' ? [] : [`ip_vs_pe_${engine}`])];
  return {
    code: 'IPVS_SCHEDULER_MISSING',
    retry: 'on-change',
    hint: `Load it with "modprobe ${modules.join(' ')}", or choose another scheduler`,
  };
}

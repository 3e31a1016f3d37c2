// A program on an interface, by a BPF link: pinned, it stays when we go, and its program is swapped without a gap.
import { OpError } from '../../model/errors.ts';
import { Attribute } from './attribute.ts';
import { bpfError, errnoName } from './errors.ts';
import { objectInfo } from './info.ts';
import { bpf } from './libc.ts';

const LINK_CREATE = 28;
const LINK_UPDATE = 29;
const LINK_DETACH = 34;
/** enum bpf_attach_type. */
const BPF_XDP = 37;

export type AttachMode = 'native' | 'generic';

/** XDP_FLAGS_DRV_MODE and XDP_FLAGS_SKB_MODE (include/uapi/linux/if_link.h). */
const MODE_FLAG = { native: 4, generic: 2 } as const;

/**
 * A new link on the interface. Never replaces a program: whatever is there, of whoever, makes this fail with
 * XDP_FOREIGN_PROGRAM. XDP_UNSUPPORTED where the driver cannot do this mode.
 */
export function createLink(programFd: number, ifindex: number, name: string, mode: AttachMode): number {
  const attribute = new Attribute(64)
    .u32(0, programFd)
    .u32(4, ifindex)
    .u32(8, BPF_XDP)
    .u32(12, MODE_FLAG[mode]);
  const result = bpf(LINK_CREATE, attribute.bytes);
  if (result >= 0) return result;
  const errno = errnoName(result);
  const op = { op: 'BPF_LINK_CREATE', target: name, errno };
  if (errno === 'EBUSY' || errno === 'EEXIST')
    throw new OpError(
      'XDP_FOREIGN_PROGRAM',
      `Cannot attach to "${name}" as another XDP program is there: current value is ${errno}`,
      op,
      { retry: 'on-change' },
    );
  if (errno === 'EOPNOTSUPP' || errno === 'EINVAL')
    throw new OpError(
      'XDP_UNSUPPORTED',
      `Cannot attach to "${name}" in ${mode} mode as its driver refuses: current value is ${errno}`,
      op,
      { retry: 'never' },
    );
  throw bpfError(`attach to "${name}"`, { ...op, errno: -result });
}

/** Swaps the program of a link; packets meet the old one or the new one, never none. */
export function updateLink(linkFd: number, programFd: number, name: string): void {
  const result = bpf(LINK_UPDATE, new Attribute(16).u32(0, linkFd).u32(4, programFd).bytes);
  if (result < 0)
    throw bpfError(`swap the program on "${name}"`, { op: 'BPF_LINK_UPDATE', target: name, errno: -result });
}

/** Takes the program off at once; a link whose last holder lets go is freed some time later. */
export function detachLink(linkFd: number, name: string): void {
  const result = bpf(LINK_DETACH, new Attribute(16).u32(0, linkFd).bytes);
  if (result < 0)
    throw bpfError(`take the program off "${name}"`, {
      op: 'BPF_LINK_DETACH',
      target: name,
      errno: -result,
    });
}

export interface LinkInfo {
  readonly programId: number;
  /** 0 when the interface is gone: the link is then empty. */
  readonly ifindex: number;
}

export function linkInfo(fd: number): LinkInfo {
  const info = objectInfo(fd, 32);
  return { programId: info.readU32(8), ifindex: info.readU32(16) };
}

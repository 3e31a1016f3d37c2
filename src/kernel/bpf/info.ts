// BPF_OBJ_GET_INFO_BY_FD: what the kernel says of a map, a program or a link.
import { Attribute } from './attribute.ts';
import { bpfError } from './errors.ts';
import { bpf } from './libc.ts';

const GET_INFO = 15;
const PROGRAM_BY_ID = 13;

export function objectInfo(fd: number, size: number): Attribute {
  const info = new Attribute(size);
  const result = bpf(GET_INFO, new Attribute(16).u32(0, fd).u32(4, size).pointer(8, info.bytes).bytes);
  if (result < 0)
    throw bpfError('read what the kernel knows of an object', {
      op: 'BPF_OBJ_GET_INFO_BY_FD',
      target: `fd ${fd}`,
      errno: -result,
    });
  return info;
}

export interface ProgramInfo {
  readonly id: number;
  readonly name: string;
  /** Hash of the instructions: tells whether two programs are the same. */
  readonly tag: string;
  readonly jited: boolean;
  /** Instructions the verifier walked; 0 on kernels before 5.16. */
  readonly verifiedInstructions: number;
}

/** struct bpf_prog_info, as far as `verified_insns`. */
const PROGRAM_INFO_SIZE = 224;

export function programInfo(fd: number): ProgramInfo {
  const info = objectInfo(fd, PROGRAM_INFO_SIZE);
  const { bytes } = info;
  return {
    id: info.readU32(4),
    tag: Buffer.from(bytes.subarray(8, 16)).toString('hex'),
    jited: info.readU32(16) > 0,
    name: new TextDecoder().decode(bytes.subarray(64, bytes.indexOf(0, 64))),
    verifiedInstructions: info.readU32(216),
  };
}

/** A descriptor of a program that somebody else loaded; undefined when it is gone. */
export function programById(id: number): number | undefined {
  const fd = bpf(PROGRAM_BY_ID, new Attribute(12).u32(0, id).bytes);
  return fd < 0 ? undefined : fd;
}

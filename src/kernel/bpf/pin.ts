// Objects kept alive by a path on bpffs: they outlive the process that made them.
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { Attribute, cString } from './attribute.ts';
import { bpfError, errnoName } from './errors.ts';
import { bpf, mount } from './libc.ts';

const OBJ_PIN = 6;
const OBJ_GET = 7;

export const BPFFS = '/sys/fs/bpf';
/** linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11;

/** Mounts bpffs where nobody did (a namespace of its own, a small container). */
export function ensureBpffs(): void {
  if (isBpffs()) return;
  mkdirSync(BPFFS, { recursive: true });
  const errno = mount('bpf', BPFFS, 'bpf');
  if (errno !== 0) throw bpfError('mount the BPF file system', { op: 'mount', target: BPFFS, errno });
}

/** What stands there now: a mount of it may be hidden by a later one. */
function isBpffs(): boolean {
  try {
    return statfsSync(BPFFS).type === BPF_FS_MAGIC;
  } catch {
    return false;
  }
}

export function pin(fd: number, path: string): void {
  const result = bpf(OBJ_PIN, new Attribute(16).pointer(0, cString(path)).u32(8, fd).bytes);
  if (result < 0) throw bpfError('pin an object', { op: 'BPF_OBJ_PIN', target: path, errno: -result });
}

/** A new descriptor of what is pinned there; undefined where nothing is. */
export function openPin(path: string): number | undefined {
  const result = bpf(OBJ_GET, new Attribute(16).pointer(0, cString(path)).bytes);
  if (result >= 0) return result;
  if (errnoName(result) === 'ENOENT') return undefined;
  throw bpfError('open a pinned object', { op: 'BPF_OBJ_GET', target: path, errno: -result });
}

export function unpin(path: string): void {
  rmSync(path, { force: true });
}

export function pinsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

// One BPF map by its file descriptor: single, batch and mapped access. Values are raw bytes; layouts belong to the driver.
import { Attribute } from './attribute.ts';
import { possibleCpus } from './cpus.ts';
import { bpfError, errnoName } from './errors.ts';
import { objectInfo } from './info.ts';
import { bpf, closeFd, map as mapMemory, unmap } from './libc.ts';

/** enum bpf_cmd. */
const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;
const NEXT_KEY = 4;
const LOOKUP_BATCH = 24;
const UPDATE_BATCH = 26;
const DELETE_BATCH = 27;

/** enum bpf_map_type, those with a value per CPU. */
const PER_CPU_TYPES = new Set([5, 6, 10, 21]);

export const ANY = 0;
export const NO_EXIST = 1;
export const EXIST = 2;

export interface Batch {
  readonly count: number;
  /** Concatenated; only the first `count` entries mean anything. */
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  /** False when there is more. */
  readonly done: boolean;
}

export class BpfMap {
  readonly fd: number;
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  /** Of one CPU. */
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Bytes that lookup returns: every possible CPU's value, each rounded up to 8. */
  readonly readSize: number;
  #mapped: { memory: ArrayBuffer; at: bigint } | undefined;

  constructor(fd: number) {
    const info = objectInfo(fd, 88);
    this.fd = fd;
    this.type = info.readU32(0);
    this.keySize = info.readU32(8);
    this.valueSize = info.readU32(12);
    this.maxEntries = info.readU32(16);
    this.flags = info.readU32(20);
    this.name = nameAt(info.bytes, 24);
    this.readSize = PER_CPU_TYPES.has(this.type)
      ? possibleCpus() * ((this.valueSize + 7) & ~7)
      : this.valueSize;
  }

  /** A copy of the value, or undefined where there is none. */
  lookup(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.readSize);
    const result = this.#element(LOOKUP, key, value, 0);
    if (result === 0) return value;
    if (errnoName(result) === 'ENOENT') return undefined;
    throw this.#fault('BPF_MAP_LOOKUP_ELEM', result);
  }

  update(key: Uint8Array, value: Uint8Array, how: number = ANY): void {
    const result = this.#element(UPDATE, key, value, how);
    if (result !== 0) throw this.#fault('BPF_MAP_UPDATE_ELEM', result);
  }

  /** True when there was something to delete. */
  delete(key: Uint8Array): boolean {
    const result = this.#element(DELETE, key, undefined, 0);
    if (result === 0) return true;
    if (errnoName(result) === 'ENOENT') return false;
    throw this.#fault('BPF_MAP_DELETE_ELEM', result);
  }

  /** Every key, one system call each: for small maps and for those without batches (LPM). */
  *keys(): Generator<Uint8Array> {
    let previous: Uint8Array | undefined;
    for (let seen = 0; seen <= this.maxEntries; seen++) {
      const next = new Uint8Array(this.keySize);
      const attribute = new Attribute(24).u32(0, this.fd).pointer(8, previous).pointer(16, next);
      const result = bpf(NEXT_KEY, attribute.bytes);
      if (errnoName(result) === 'ENOENT') return;
      if (result !== 0) throw this.#fault('BPF_MAP_GET_NEXT_KEY', result);
      yield next;
      previous = next;
    }
  }

  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): void {
    if (count === 0) return;
    const attribute = this.#batch(keys, values, count);
    const result = bpf(UPDATE_BATCH, attribute.bytes);
    if (result !== 0) throw this.#fault('BPF_MAP_UPDATE_BATCH', result);
  }

  deleteBatch(keys: Uint8Array, count: number): void {
    if (count === 0) return;
    const result = bpf(DELETE_BATCH, this.#batch(keys, undefined, count).bytes);
    if (result !== 0 && errnoName(result) !== 'ENOENT') throw this.#fault('BPF_MAP_DELETE_BATCH', result);
  }

  /** Reads the whole map in chunks of at most `chunk`; the caller may rest between two of them. */
  *batches(chunk: number): Generator<Batch> {
    let from: Uint8Array | undefined;
    // A cursor is at least the bucket number (4 bytes) of a hash, or a key.
    const cursorSize = Math.max(4, this.keySize);
    let size = Math.min(chunk, this.maxEntries);
    for (let round = 0; round <= this.maxEntries; round++) {
      const keys = new Uint8Array(size * this.keySize);
      const values = new Uint8Array(size * this.readSize);
      const to = new Uint8Array(cursorSize);
      const attribute = this.#batch(keys, values, size).pointer(0, from).pointer(8, to);
      const result = bpf(LOOKUP_BATCH, attribute.bytes);
      const count = attribute.readU32(32);
      const errno = result === 0 ? '' : errnoName(result);
      if (errno === 'ENOSPC') {
        // One bucket holds more than the chunk.
        size *= 2;
        continue;
      }
      if (errno !== '' && errno !== 'ENOENT') throw this.#fault('BPF_MAP_LOOKUP_BATCH', result);
      yield { count, keys, values, done: errno === 'ENOENT' };
      if (errno === 'ENOENT') return;
      from = to;
    }
  }

  /** The map's memory itself; only for arrays created with BPF_F_MMAPABLE. */
  memory(): ArrayBuffer {
    if (this.#mapped === undefined) {
      const result = mapMemory(this.fd, this.#mappedLength());
      if (typeof result === 'number') throw this.#fault('mmap', result);
      this.#mapped = result;
    }
    return this.#mapped.memory;
  }

  /** Gives back the mapping; arrays made from it must not be used again. */
  releaseMemory(): void {
    if (this.#mapped !== undefined) unmap(this.#mapped.at, this.#mappedLength());
    this.#mapped = undefined;
  }

  /** Of a map opened by hand; those of an object close with it. */
  close(): void {
    this.releaseMemory();
    closeFd(this.fd);
  }

  #mappedLength(): number {
    const bytes = this.maxEntries * ((this.valueSize + 7) & ~7);
    return Math.ceil(bytes / 4096) * 4096;
  }

  #element(command: number, key: Uint8Array, value: Uint8Array | undefined, how: number): number {
    const attribute = new Attribute(32).u32(0, this.fd).pointer(8, key).pointer(16, value).u32(24, how);
    return bpf(command, attribute.bytes);
  }

  #batch(keys: Uint8Array, values: Uint8Array | undefined, count: number): Attribute {
    return new Attribute(56).pointer(16, keys).pointer(24, values).u32(32, count).u32(36, this.fd);
  }

  #fault(op: string, errno: number): Error {
    return bpfError(`use table "${this.name}"`, { op, target: this.name, errno: Math.abs(errno) });
  }
}

function nameAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return new TextDecoder().decode(bytes.subarray(offset, Math.min(end, offset + 16)));
}

// Builds the attribute blocks of bpf(2): little structs of fixed offsets (include/uapi/linux/bpf.h, union bpf_attr).
import { addressOf } from './libc.ts';

/** Zeroed on start; the kernel refuses a block whose unknown tail is not zero. */
export class Attribute {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Buffers the kernel will follow; held so that they are not collected before the call. */
  readonly #held: ArrayBufferView[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value >>> 0, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  pointer(offset: number, target: ArrayBufferView | undefined): this {
    if (target === undefined || target.byteLength === 0) return this;
    this.#held.push(target);
    return this.u64(offset, addressOf(target));
  }

  readU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }
}

export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

// Builds netlink messages one after the other into one growing buffer, so that a batch is a single send.
import { align4, HEADER_SIZE } from './message.ts';

const NESTED = 0x8000;

export class MessageWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #end = 0;
  #messageStart = 0;
  #count = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes of all messages begun so far; the last one is closed by `finish` or the next `begin`. */
  get length(): number {
    return this.#end;
  }

  get count(): number {
    return this.#count;
  }

  /** Starts a message; its length is patched when it ends. The port id stays 0: the kernel knows who sends. */
  begin(type: number, flags: number, sequence: number): this {
    this.#closeMessage();
    this.#messageStart = this.#end;
    this.#reserve(HEADER_SIZE);
    this.#view.setUint16(this.#end + 4, type, true);
    this.#view.setUint16(this.#end + 6, flags, true);
    this.#view.setUint32(this.#end + 8, sequence, true);
    this.#view.setUint32(this.#end + 12, 0, true);
    this.#end += HEADER_SIZE;
    this.#count += 1;
    return this;
  }

  /** A fixed structure behind the header (`genlmsghdr`, `ifaddrmsg`). */
  fixed(bytes: Uint8Array): this {
    this.#reserve(align4(bytes.length));
    this.#bytes.set(bytes, this.#end);
    this.#pad(bytes.length);
    return this;
  }

  /** `struct genlmsghdr`: command, version, two reserved bytes. */
  generic(command: number, version: number): this {
    this.#reserve(4);
    this.#bytes[this.#end] = command;
    this.#bytes[this.#end + 1] = version;
    this.#bytes[this.#end + 2] = 0;
    this.#bytes[this.#end + 3] = 0;
    this.#end += 4;
    return this;
  }

  u8(type: number, value: number): this {
    this.#head(type, 1);
    this.#bytes[this.#end] = value;
    return this.#pad(1);
  }

  u16(type: number, value: number): this {
    this.#head(type, 2);
    this.#view.setUint16(this.#end, value, true);
    return this.#pad(2);
  }

  be16(type: number, value: number): this {
    this.#head(type, 2);
    this.#view.setUint16(this.#end, value, false);
    return this.#pad(2);
  }

  u32(type: number, value: number): this {
    this.#head(type, 4);
    this.#view.setUint32(this.#end, value, true);
    return this.#pad(4);
  }

  /** NUL-terminated (NLA_NUL_STRING). */
  text(type: number, value: string): this {
    this.#head(type, value.length + 1);
    for (let i = 0; i < value.length; i++) this.#bytes[this.#end + i] = value.charCodeAt(i);
    this.#bytes[this.#end + value.length] = 0;
    return this.#pad(value.length + 1);
  }

  /** `size` pads the payload with zeros: IPVS wants 16 bytes for any address. */
  bytes(type: number, value: Uint8Array, size = value.length): this {
    this.#head(type, size);
    this.#bytes.set(value, this.#end);
    this.#bytes.fill(0, this.#end + value.length, this.#end + size);
    return this.#pad(size);
  }

  flag(type: number): this {
    this.#head(type, 0);
    return this;
  }

  /** Opens a nested attribute; hand the returned mark to `endNested`. */
  beginNested(type: number): number {
    const mark = this.#end;
    this.#head(type | NESTED, 0);
    return mark;
  }

  endNested(mark: number): this {
    this.#view.setUint16(mark, this.#end - mark, true);
    return this;
  }

  /** The batch as one view; valid until the next `begin` or `reset`. */
  finish(): Uint8Array {
    this.#closeMessage();
    return this.#bytes.subarray(0, this.#end);
  }

  reset(): void {
    this.#end = 0;
    this.#messageStart = 0;
    this.#count = 0;
  }

  /** Turns flags on in the message begun last; used to ask for an acknowledgement on the end of a batch only. */
  addFlags(flags: number): this {
    const at = this.#messageStart + 6;
    this.#view.setUint16(at, this.#view.getUint16(at, true) | flags, true);
    return this;
  }

  #closeMessage(): void {
    if (this.#count > 0) this.#view.setUint32(this.#messageStart, this.#end - this.#messageStart, true);
  }

  #head(type: number, payload: number): void {
    this.#reserve(4 + align4(payload));
    this.#view.setUint16(this.#end, 4 + payload, true);
    this.#view.setUint16(this.#end + 2, type, true);
    this.#end += 4;
  }

  #pad(written: number): this {
    const padded = align4(written);
    for (let i = written; i < padded; i++) this.#bytes[this.#end + i] = 0;
    this.#end += padded;
    return this;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#end + size));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

// A cursor over netlink attributes (`struct nlattr`: length, type, payload padded to 4). The first fault sticks: later
// reads give zero values and the cursor ends, so decoding code has no ladder of checks and asks `fault` once at the end.
import { align4, WireError } from './message.ts';

const HEADER = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER live in the two upper bits. */
const TYPE_MASK = 0x3fff;

/** Shared by a cursor and those nested in it, so that a fault inside is seen outside. */
interface Fault {
  error: WireError | undefined;
}

export class AttributeReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fault: Fault;
  #next: number;
  readonly #end: number;
  #type = 0;
  #start = 0;
  #length = 0;

  constructor(
    bytes: Uint8Array,
    offset = 0,
    end = bytes.length,
    fault: Fault = { error: undefined },
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  ) {
    this.#bytes = bytes;
    this.#view = view;
    this.#next = offset;
    this.#end = end;
    this.#fault = fault;
  }

  /** Moves to the next attribute; false at the end and after a fault. */
  next(): boolean {
    if (this.#fault.error !== undefined || this.#next >= this.#end) return false;
    const left = this.#end - this.#next;
    if (left < HEADER) return this.#fail(`Cannot read an attribute header: ${left} bytes are left`);
    const length = this.#view.getUint16(this.#next, true);
    if (length < HEADER || length > left) {
      return this.#fail(
        `Cannot read an attribute as its length must be ${HEADER}..${left}: current value is ${length}`,
      );
    }
    this.#type = this.#view.getUint16(this.#next + 2, true) & TYPE_MASK;
    this.#start = this.#next + HEADER;
    this.#length = length - HEADER;
    this.#next += align4(length);
    return true;
  }

  get type(): number {
    return this.#type;
  }

  get length(): number {
    return this.#length;
  }

  /** The first fault of this cursor or of one nested in it. */
  get fault(): WireError | undefined {
    return this.#fault.error;
  }

  u8(): number {
    return this.#has(1) ? this.#view.getUint8(this.#start) : 0;
  }

  u16(): number {
    return this.#has(2) ? this.#view.getUint16(this.#start, true) : 0;
  }

  /** Network byte order: ports. */
  be16(): number {
    return this.#has(2) ? this.#view.getUint16(this.#start, false) : 0;
  }

  u32(): number {
    return this.#has(4) ? this.#view.getUint32(this.#start, true) : 0;
  }

  be32(): number {
    return this.#has(4) ? this.#view.getUint32(this.#start, false) : 0;
  }

  i32(): number {
    return this.#has(4) ? this.#view.getInt32(this.#start, true) : 0;
  }

  u64(): bigint {
    return this.#has(8) ? this.#view.getBigUint64(this.#start, true) : 0n;
  }

  /** Text up to its first NUL. */
  text(): string {
    const bytes = this.bytes();
    const nul = bytes.indexOf(0);
    return Buffer.from(bytes.buffer, bytes.byteOffset, nul === -1 ? bytes.length : nul).toString('latin1');
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#start + this.#length);
  }

  nested(): AttributeReader {
    return new AttributeReader(this.#bytes, this.#start, this.#start + this.#length, this.#fault, this.#view);
  }

  #has(size: number): boolean {
    if (this.#fault.error !== undefined) return false;
    if (this.#length >= size) return true;
    return this.#fail(
      `Cannot read attribute ${this.#type} as it must have ${size} bytes: current length is ${this.#length}`,
    );
  }

  #fail(message: string): false {
    this.#fault.error ??= new WireError(message);
    return false;
  }
}

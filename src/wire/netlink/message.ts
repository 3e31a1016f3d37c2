// Netlink framing (linux/netlink.h): one datagram holds several messages, each a 16 byte header and a body padded to 4.
// Scalars are in host order; every machine we run on is little endian, and the kernel seam refuses others.

/** Written into one header: `struct nlmsghdr`. */
export interface NetlinkHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
}

export interface NetlinkMessage extends NetlinkHeader {
  /** A view into the datagram; copy it to keep it longer than the receive buffer. */
  readonly body: Uint8Array;
}

export const HEADER_SIZE = 16;

/** Types below 16 are netlink's own (NLMSG_*). */
export const MESSAGE_TYPE = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** NLM_F_*. The four of 0x100-0x800 mean one thing on a read and another on a write. */
export const FLAG = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  echo: 0x8,
  dumpInterrupted: 0x10,
  capped: 0x100,
  ackTlvs: 0x200,
  root: 0x100,
  match: 0x200,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

/** NLMSG_ALIGN and NLA_ALIGN */
export function align4(length: number): number {
  return (length + 3) & ~3;
}

export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}

/** Walks the messages of one datagram. Throws WireError where the lengths do not add up: the rest cannot be trusted. */
export function* readMessages(datagram: Uint8Array): Generator<NetlinkMessage, void, undefined> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  let offset = 0;
  while (offset < datagram.length) {
    const left = datagram.length - offset;
    if (left < HEADER_SIZE) {
      throw new WireError(
        `Cannot read a netlink header as it needs ${HEADER_SIZE} bytes: current length is ${left}`,
      );
    }
    const length = view.getUint32(offset, true);
    if (length < HEADER_SIZE || length > left) {
      throw new WireError(
        `Cannot read a netlink message as its length must be ${HEADER_SIZE}..${left}: current value is ${length}`,
      );
    }
    yield {
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      portId: view.getUint32(offset + 12, true),
      body: datagram.subarray(offset + HEADER_SIZE, offset + length),
    };
    offset += align4(length);
  }
}

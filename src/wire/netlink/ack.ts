// NLMSG_ERROR and NLMSG_DONE: the kernel's answer to one request, with its own words where it has some (NETLINK_EXT_ACK).
import { AttributeReader } from './attribute-reader.ts';
import { FLAG, HEADER_SIZE, type NetlinkMessage } from './message.ts';

export interface Ack {
  /** 0 is success; else the positive errno. */
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG: the kernel's sentence. */
  readonly message?: string;
  /** NLMSGERR_ATTR_OFFS: offset in the request of the attribute it objects to. */
  readonly offset?: number;
  /** NLMSGERR_ATTR_MISS_TYPE: the attribute it misses. */
  readonly missingAttribute?: number;
}

const ATTR_MSG = 1;
const ATTR_OFFS = 2;
const ATTR_MISS_TYPE = 6;

/**
 * Body: errno (negative), the request's header, the request itself unless NLM_F_CAPPED, then attributes if NLM_F_ACK_TLVS.
 * A body too short for an errno reads as EPROTO (71), so that a broken answer never counts as success.
 */
export function readAck(message: NetlinkMessage): Ack {
  const { body, flags } = message;
  if (body.length < 4) return { errno: 71 };
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const errno = 0 - view.getInt32(0, true);
  if ((flags & FLAG.ackTlvs) === 0 || body.length < 4 + HEADER_SIZE) return { errno };
  const request = (flags & FLAG.capped) !== 0 ? HEADER_SIZE : view.getUint32(4, true);
  return { errno, ...readTlvs(body, 4 + request) };
}

/** NLMSG_DONE of a dump: an errno of its own, attributes right behind it. */
export function readDone(message: NetlinkMessage): Ack {
  const { body, flags } = message;
  if (body.length < 4) return { errno: 0 };
  const errno = 0 - new DataView(body.buffer, body.byteOffset, body.byteLength).getInt32(0, true);
  if ((flags & FLAG.ackTlvs) === 0) return { errno: Math.max(0, errno) };
  return { errno: Math.max(0, errno), ...readTlvs(body, 4) };
}

function readTlvs(body: Uint8Array, offset: number): Omit<Ack, 'errno'> {
  const found: { message?: string; offset?: number; missingAttribute?: number } = {};
  const reader = new AttributeReader(body, offset);
  while (reader.next()) {
    if (reader.type === ATTR_MSG) found.message = reader.text();
    else if (reader.type === ATTR_OFFS) found.offset = reader.u32();
    else if (reader.type === ATTR_MISS_TYPE) found.missingAttribute = reader.u32();
  }
  return found;
}

// Messages of FRR's BFD control socket: a header in network order and JSON, or the mask of what one wants to hear.
import { Buffer } from 'node:buffer';

const HEADER = 8;
const VERSION = 1;
const TYPE_NOTIFY = 4;
/** Longer ones are none of this protocol: the stream is out of step. */
const MAX_LENGTH = 65_536;

export interface BfdNotice {
  readonly peer: string;
  readonly interface: string;
  readonly up: boolean;
  /** RFC 5880 section 4.1: 1 is detection time expired, 3 neighbour signalled down, 7 administratively down. */
  readonly diagnostic: number;
}

/** Asks to be told of everything. */
export function writeSubscribe(): Uint8Array {
  const bytes = Buffer.alloc(HEADER + 8);
  bytes.writeUInt32BE(8, 0);
  bytes.writeUInt16BE(1, 4);
  bytes[6] = TYPE_NOTIFY;
  bytes[7] = VERSION;
  bytes.fill(0xff, HEADER);
  return bytes;
}

export interface BfdRead {
  readonly notices: readonly BfdNotice[];
  /** Bytes of a message not yet whole. */
  readonly rest: Uint8Array;
}

/** Throws RangeError where the stream cannot be this protocol. */
export function readBfdControl(bytes: Uint8Array): BfdRead {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notices: BfdNotice[] = [];
  let at = 0;
  while (buffer.length - at >= HEADER) {
    const length = buffer.readUInt32BE(at);
    if (buffer[at + 7] !== VERSION || length > MAX_LENGTH)
      throw new RangeError(`Cannot read a BFD control message: version ${buffer[at + 7]}, length ${length}`);
    const end = at + HEADER + length;
    if (end > buffer.length) break;
    if (buffer[at + 6] === TYPE_NOTIFY) {
      const notice = readNotice(buffer.toString('utf8', at + HEADER, end));
      if (notice !== undefined) notices.push(notice);
    }
    at = end;
  }
  return { notices, rest: bytes.slice(at) };
}

/** Undefined for what tells no state: a session added, its timers changed. */
function readNotice(text: string): BfdNotice | undefined {
  const value = parse(text.replace(/\0+$/, ''));
  if (value.op !== 'status' || typeof value['peer-address'] !== 'string') return undefined;
  return {
    peer: value['peer-address'],
    interface: typeof value['local-interface'] === 'string' ? value['local-interface'] : '',
    up: value.state === 'up',
    diagnostic: typeof value.diagnostics === 'number' ? value.diagnostics : 0,
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

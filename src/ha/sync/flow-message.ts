// The protocol in which nodes tell each other of connections: frames with a length, versioned, unknown parts skipped.
// docs/protocols/ha.md describes the bytes.
import { Buffer } from 'node:buffer';
import { fromBytes, toBytes } from '../../lib/ip.ts';
import type { FlowEnd, FlowKey, FlowRecord } from '../../model/flow.ts';
import { ROLES, type Role } from '../../model/protocol.ts';

export const SYNC_VERSION = 1;
/** Longest frame: some thousand flows; longer ones are not this protocol. */
export const MAX_FRAME = 1 << 18;

export interface GroupReport {
  readonly group: string;
  readonly role: Role;
  readonly epoch: number;
  readonly priority: number;
}

export type SyncMessage =
  | { readonly kind: 'hello'; readonly version: number; readonly node: string; readonly epoch: number }
  /** Asks for everything, at join. */
  | { readonly kind: 'pull' }
  /** All that stood when the pull came has been sent. */
  | { readonly kind: 'complete'; readonly count: number }
  | { readonly kind: 'put'; readonly flows: readonly FlowRecord[] }
  | { readonly kind: 'close'; readonly flows: readonly FlowEnd[] }
  /** What the node says of its groups; true for a few seconds. */
  | { readonly kind: 'roles'; readonly groups: readonly GroupReport[] }
  | { readonly kind: 'bye'; readonly reason: string };

const TYPE = { hello: 1, pull: 2, complete: 3, put: 4, close: 5, bye: 6, roles: 7 } as const;
const FRAME_HEAD = 6;

export class SyncProtocolError extends Error {}

/** Frame: length u32, type u8, reserved u8, body. All numbers are big endian. */
export function writeSync(message: SyncMessage): Uint8Array {
  const body = bodyOf(message);
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(body.length + 2, 0);
  head[4] = TYPE[message.kind];
  return Buffer.concat([head, body]);
}

export interface SyncRead {
  readonly messages: readonly SyncMessage[];
  readonly rest: Uint8Array;
}

/** Frames of a type we do not know are skipped: a newer peer may say more. Throws SyncProtocolError on what is no frame. */
export function readSync(bytes: Uint8Array): SyncRead {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: SyncMessage[] = [];
  let at = 0;
  while (buffer.length - at >= 4) {
    const length = buffer.readUInt32BE(at);
    if (length < 2 || length > MAX_FRAME)
      throw new SyncProtocolError(`Cannot read a frame of ${length} bytes`);
    if (buffer.length - at - 4 < length) break;
    const message = readBody(buffer[at + 4]!, buffer.subarray(at + 6, at + 4 + length));
    if (message !== undefined) messages.push(message);
    at += 4 + length;
  }
  return { messages, rest: bytes.slice(at) };
}

function bodyOf(message: SyncMessage): Buffer {
  switch (message.kind) {
    case 'hello': {
      const head = Buffer.alloc(10);
      head.writeUInt16BE(message.version, 0);
      head.writeBigUInt64BE(BigInt(message.epoch), 2);
      return Buffer.concat([head, Buffer.from(message.node, 'utf8')]);
    }
    case 'pull':
      return Buffer.alloc(0);
    case 'complete': {
      const body = Buffer.alloc(4);
      body.writeUInt32BE(message.count);
      return body;
    }
    case 'put':
      return joined(message.flows, writeFlow);
    case 'close':
      return joined(message.flows, ({ key, sequence }, into, at) => writeKey(key, sequence, into, at));
    case 'bye':
      return Buffer.from(message.reason, 'utf8');
    case 'roles':
      return Buffer.concat(message.groups.map(writeReport));
  }
}

function readBody(type: number, body: Buffer): SyncMessage | undefined {
  if (type === TYPE.hello) {
    if (body.length < 10) throw new SyncProtocolError('Cannot read a hello as it is too short');
    const epoch = Number(body.readBigUInt64BE(2));
    return { kind: 'hello', version: body.readUInt16BE(0), node: body.toString('utf8', 10), epoch };
  }
  if (type === TYPE.pull) return { kind: 'pull' };
  if (type === TYPE.complete) {
    if (body.length < 4) throw new SyncProtocolError('Cannot read an end of pull as it is too short');
    return { kind: 'complete', count: body.readUInt32BE(0) };
  }
  if (type === TYPE.put) return { kind: 'put', flows: readAll(body, readFlow) };
  if (type === TYPE.close) return { kind: 'close', flows: readAll(body, readKey) };
  if (type === TYPE.roles) return { kind: 'roles', groups: readAll(body, readReport) };
  if (type === TYPE.bye) return { kind: 'bye', reason: body.toString('utf8') };
  return undefined;
}

/** Longest entry: a flow with four IPv6 addresses. */
const LONGEST = 18 + 4 * 16;

/** Entries written one behind the other; each writer tells where it ended. */
function joined<T>(entries: readonly T[], write: (entry: T, into: Buffer, at: number) => number): Buffer {
  const into = Buffer.allocUnsafe(entries.length * LONGEST);
  let at = 0;
  for (const entry of entries) at = write(entry, into, at);
  return into.subarray(0, at);
}

/** Key: family u8 (4 or 6), protocol u8, ports u16 x 2, sequence u32, client and VIP address. */
function writeKey(key: FlowKey, sequence: number, into: Buffer, at: number): number {
  into[at] = key.client.includes(':') ? 6 : 4;
  into[at + 1] = key.protocol;
  into.writeUInt16BE(key.clientPort, at + 2);
  into.writeUInt16BE(key.vipPort, at + 4);
  into.writeUInt32BE(sequence >>> 0, at + 6);
  return writeAddress(key.vip, into, writeAddress(key.client, into, at + 10));
}

/** Behind the key: flags u16, member port u16, source port u16, member family u8, source family u8 (0: none), addresses. */
function writeFlow(flow: FlowRecord, into: Buffer, from: number): number {
  const at = writeKey(flow.key, flow.sequence, into, from);
  into.writeUInt16BE(flow.flags, at);
  into.writeUInt16BE(flow.memberPort, at + 2);
  into.writeUInt16BE(flow.sourcePort, at + 4);
  into[at + 6] = flow.member.includes(':') ? 6 : 4;
  into[at + 7] = flow.source === '' ? 0 : flow.source.includes(':') ? 6 : 4;
  const next = writeAddress(flow.member, into, at + 8);
  return flow.source === '' ? next : writeAddress(flow.source, into, next);
}

function writeAddress(text: string, into: Buffer, at: number): number {
  const bytes = toBytes(text);
  into.set(bytes, at);
  return at + bytes.length;
}

/** Role u8, priority u8, epoch u64, length of the name u16, name. */
function writeReport({ group, role, epoch, priority }: GroupReport): Buffer {
  const name = Buffer.from(group, 'utf8');
  const head = Buffer.alloc(12);
  head[0] = ROLES.indexOf(role);
  head[1] = priority;
  head.writeBigUInt64BE(BigInt(epoch), 2);
  head.writeUInt16BE(name.length, 10);
  return Buffer.concat([head, name]);
}

function readReport(cursor: Cursor): GroupReport {
  const head = cursor.take(12);
  const role = ROLES[head[0]!];
  if (role === undefined) throw new SyncProtocolError(`Cannot read a role of number ${head[0]}`);
  const group = cursor.take(head.readUInt16BE(10)).toString('utf8');
  return { group, role, epoch: Number(head.readBigUInt64BE(2)), priority: head[1]! };
}

class Cursor {
  readonly #body: Buffer;
  at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get done(): boolean {
    return this.at >= this.#body.length;
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#body.length)
      throw new SyncProtocolError('Cannot read a frame as it ends in the middle of an entry');
    const part = this.#body.subarray(this.at, end);
    this.at = end;
    return part;
  }

  address(family: number): string {
    if (family !== 4 && family !== 6)
      throw new SyncProtocolError(`Cannot read an address of family ${family}`);
    return fromBytes(this.take(family === 4 ? 4 : 16));
  }
}

function readAll<T>(body: Buffer, read: (cursor: Cursor) => T): readonly T[] {
  const cursor = new Cursor(body);
  const all: T[] = [];
  while (!cursor.done) all.push(read(cursor));
  return all;
}

function readKey(cursor: Cursor): FlowEnd {
  const head = cursor.take(10);
  const family = head[0]!;
  const client = cursor.address(family);
  const vip = cursor.address(family);
  return {
    key: { protocol: head[1]!, client, clientPort: head.readUInt16BE(2), vip, vipPort: head.readUInt16BE(4) },
    sequence: head.readUInt32BE(6),
  };
}

function readFlow(cursor: Cursor): FlowRecord {
  const { key, sequence } = readKey(cursor);
  const head = cursor.take(8);
  const member = cursor.address(head[6]!);
  const source = head[7] === 0 ? '' : cursor.address(head[7]!);
  return {
    key,
    member,
    memberPort: head.readUInt16BE(2),
    source,
    sourcePort: head.readUInt16BE(4),
    flags: head.readUInt16BE(0),
    sequence,
  };
}

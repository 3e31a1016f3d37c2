// DNS messages (RFC 1035), as far as a health check needs them: one question out, rcode and answers in.

export const DNS_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28 } as const;
export type DnsType = keyof typeof DNS_TYPES;

export const DNS_RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

const CLASS_IN = 1;
const FLAG_RESPONSE = 0x8000;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const POINTER = 0xc0;
const HEADER_BYTES = 12;
/** RFC 1035 2.3.4: a name is at most 255 octets, so more labels and pointers than this are a trap. */
const MAX_NAME_HOPS = 128;

export interface DnsAnswer {
  readonly id: number;
  readonly isResponse: boolean;
  readonly truncated: boolean;
  readonly rcode: string;
  /** Text of each answer record of the type asked for: address, name, or `10 mx.example.com`. */
  readonly answers: readonly string[];
}

export function encodeQuestion(id: number, name: string, type: DnsType): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG_RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(DNS_TYPES[type], 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  return Buffer.concat([header, encodeName(name), tail]);
}

function encodeName(name: string): Buffer {
  const parts = name
    .split('.')
    .filter((label) => label !== '')
    .map(encodeLabel);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function encodeLabel(label: string): Buffer {
  const bytes = Buffer.from(label, 'ascii');
  if (bytes.length > 63) {
    throw new RangeError(`Cannot encode DNS label as it must have 1..63 bytes: current value is "${label}"`);
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Undefined where the bytes are no DNS message. */
export function decodeAnswer(message: Uint8Array, type: DnsType): DnsAnswer | undefined {
  try {
    return decode(Buffer.from(message), type);
  } catch (error) {
    // Every read outside the message throws: it was cut short, or was made to lead us astray.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decode(message: Buffer, type: DnsType): DnsAnswer {
  const flags = message.readUInt16BE(2);
  const questions = message.readUInt16BE(4);
  const records = message.readUInt16BE(6);
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i++) at = readName(message, at).end + 4;
  const answers: string[] = [];
  for (let i = 0; i < records; i++) {
    const header = readName(message, at).end;
    const recordType = message.readUInt16BE(header);
    const length = message.readUInt16BE(header + 8);
    const start = header + 10;
    if (start + length > message.length) throw new RangeError('record is cut short');
    if (recordType === DNS_TYPES[type]) answers.push(recordText(message, start, length, type));
    at = start + length;
  }
  if (at > message.length) throw new RangeError('question is cut short');
  const rcode = flags & 0x000f;
  return {
    id: message.readUInt16BE(0),
    isResponse: (flags & FLAG_RESPONSE) !== 0,
    truncated: (flags & FLAG_TRUNCATED) !== 0,
    rcode: DNS_RCODES[rcode] ?? `RCODE${rcode}`,
    answers,
  };
}

function recordText(message: Buffer, start: number, length: number, type: DnsType): string {
  const data = message.subarray(start, start + length);
  switch (type) {
    case 'A':
      return data.join('.');
    case 'AAAA':
      return Array.from({ length: 8 }, (_, i) => data.readUInt16BE(i * 2).toString(16)).join(':');
    case 'NS':
    case 'CNAME':
    case 'SOA':
      return readName(message, start).name;
    case 'MX':
      return `${data.readUInt16BE(0)} ${readName(message, start + 2).name}`;
    case 'TXT':
      return data.subarray(1, 1 + data.readUInt8(0)).toString('latin1');
  }
}

function readName(message: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = from;
  let end: number | undefined;
  for (let hop = 0; hop < MAX_NAME_HOPS; hop++) {
    const length = message.readUInt8(at);
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if ((length & POINTER) === POINTER) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    labels.push(message.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += 1 + length;
  }
  throw new RangeError('name has too many labels or pointers');
}

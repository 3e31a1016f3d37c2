// A line of our log as a GELF 1.1 message, and a message in datagrams. Pure.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface LogLine {
  readonly level: string;
  /** ISO 8601. */
  readonly time: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** syslog(3) */
const SEVERITY: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 };
const FIELD = /[^\w.-]/g;
/** What fits a packet of 1500 bytes under IPv6, with the GELF head of 12. */
const DATAGRAM = 1420;
const HEAD = 12;
/** A server takes no more of one message (Graylog, GELF payload specification). */
const MOST_CHUNKS = 128;
const MAGIC = [0x1e, 0x0f] as const;

export function gelfMessage(
  line: LogLine,
  about: { readonly host: string; readonly facility: string },
): string {
  const { level, time, msg, ...rest } = line;
  const fields = Object.entries(rest).flatMap(([name, value]): [string, string | number][] => {
    if (value === undefined || value === null) return [];
    const plain = name.replaceAll(FIELD, '_');
    // "_id" is the server's own.
    const key = plain === 'id' ? '_id_' : `_${plain}`;
    return [[key, typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)]];
  });
  return JSON.stringify({
    version: '1.1',
    host: about.host,
    short_message: msg === undefined || msg === '' ? '-' : msg,
    timestamp: Date.parse(time) / 1000,
    level: SEVERITY[level] ?? 6,
    ...Object.fromEntries(fields),
    _facility: about.facility,
  });
}

/** Undefined where it has no room in as many datagrams as a server takes. */
export function gelfDatagrams(message: string): readonly Buffer[] | undefined {
  const plain = Buffer.from(message);
  if (plain.length <= DATAGRAM) return [plain];
  const packed = gzipSync(plain);
  if (packed.length <= DATAGRAM) return [packed];
  const room = DATAGRAM - HEAD;
  const count = Math.ceil(packed.length / room);
  if (count > MOST_CHUNKS) return undefined;
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([
      Buffer.from(MAGIC),
      id,
      Buffer.from([i, count]),
      packed.subarray(i * room, (i + 1) * room),
    ]),
  );
}

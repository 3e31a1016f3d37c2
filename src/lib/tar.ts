// A tar archive (POSIX ustar) out of small texts, the same bytes for the same content. Pure.

export interface TarEntry {
  /** Relative, at most 100 bytes. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

const BLOCK = 512;
/** Offsets and lengths of IEEE Std 1003.1, pax, ustar header. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  time: [136, 12],
} as const;
const CHECKSUM = [148, 8] as const;

export function tar(entries: readonly TarEntry[], mtimeSeconds: number): Buffer {
  const parts = entries.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [headerOf(name, bytes.length, mtimeSeconds), bytes, padding];
  });
  // Two blocks of zeros end it.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(name: string, size: number, mtimeSeconds: number): Buffer {
  if (Buffer.byteLength(name) > FIELDS.name[1] || name.startsWith('/') || name.split('/').includes('..'))
    throw new RangeError(`Cannot put "${name}" into an archive as its name is too long or leads out of it`);
  const header = Buffer.alloc(BLOCK);
  const put = ([at, length]: readonly [number, number], text: string): void => {
    header.write(text, at, length, 'utf8');
  };
  const number = ([at, length]: readonly [number, number], value: number): void =>
    put([at, length], value.toString(8).padStart(length - 1, '0'));
  put(FIELDS.name, name);
  number(FIELDS.mode, 0o600);
  number(FIELDS.uid, 0);
  number(FIELDS.gid, 0);
  number(FIELDS.size, size);
  number(FIELDS.time, mtimeSeconds);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  // The sum counts its own field as spaces.
  header.fill(' ', CHECKSUM[0], CHECKSUM[0] + CHECKSUM[1]);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM[0]);
  return header;
}

// Writes a cpio archive of the "newc" kind, the form the kernel unpacks as its first root filesystem.

export interface CpioEntry {
  readonly path: string;
  readonly mode: number;
  readonly data?: Uint8Array;
}

const FILE = 0o100000;
const FOLDER = 0o040000;

export function cpioFile(path: string, data: Uint8Array | string, permissions = 0o644): CpioEntry {
  return { path, mode: FILE | permissions, data: typeof data === 'string' ? Buffer.from(data) : data };
}

export function cpioFolder(path: string): CpioEntry {
  return { path, mode: FOLDER | 0o755 };
}

export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => {
    parts.push(...record(entry, index + 1));
  });
  // The archive ends where the kernel meets this name.
  parts.push(...record({ path: 'TRAILER!!!', mode: 0 }, 0));
  return Buffer.concat(parts);
}

function record(entry: CpioEntry, inode: number): Uint8Array[] {
  const name = Buffer.from(`${entry.path}\0`);
  const data = entry.data ?? new Uint8Array();
  const links = entry.mode >= FILE || entry.mode === 0 ? 1 : 2;
  const numbers = [inode, entry.mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${numbers.map(hex8).join('')}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Names and data start at multiples of four. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

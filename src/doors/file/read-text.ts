// One file to text, without ever waiting on what is no file: each way it can fail has its own words.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export interface ReadFault {
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
  /** Nothing stands at this path. */
  readonly isMissing?: boolean;
  readonly isDirectory?: boolean;
}

export type TextResult =
  | { readonly ok: true; readonly text: string; readonly bytes: number; readonly identity: string }
  | { readonly ok: false; readonly fault: ReadFault };

export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Opening a fifo would wait for its writer without O_NONBLOCK. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

export async function readText(path: string): Promise<TextResult> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, FLAGS);
    const stat = await handle.stat({ bigint: true });
    if (stat.isDirectory()) return refuse(DIRECTORY);
    if (!stat.isFile()) return refuse(NO_FILE);
    if (stat.size > BigInt(MAX_FILE_BYTES)) return refuse(tooLarge(Number(stat.size)));
    const bytes = await readAtMost(handle, MAX_FILE_BYTES + 1, Number(stat.size));
    // It may have grown since, or be one of /proc that tells no size.
    if (bytes.length > MAX_FILE_BYTES) return refuse(tooLarge(bytes.length));
    const fault = encodingFault(bytes);
    if (fault !== undefined) return refuse(fault);
    return {
      ok: true,
      text: bytes.toString('utf8'),
      bytes: bytes.length,
      identity: `${stat.dev}:${stat.ino}`,
    };
  } catch (error) {
    return refuse(faultOf(error));
  } finally {
    await handle?.close();
  }
}

async function readAtMost(handle: FileHandle, limit: number, expected: number): Promise<Buffer> {
  // One byte more than expected tells the end without a second call.
  let buffer = Buffer.allocUnsafe(Math.min(limit, expected + 1));
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, null);
    filled += bytesRead;
    if (bytesRead === 0 || filled >= limit) return buffer.subarray(0, filled);
    if (filled === buffer.length) {
      buffer = Buffer.concat([buffer], Math.min(limit, buffer.length * 2 + 4096));
    }
  }
}

function encodingFault(bytes: Buffer): ReadFault | undefined {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { ...NOT_UTF8, message: 'The file is saved as UTF-16' };
  if (bytes.includes(0)) return BINARY;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    // Only a fault of the bytes throws here; the line helps to find them.
    const text = bytes.toString('utf8');
    const line = text.slice(0, Math.max(0, text.indexOf('\uFFFD'))).split('\n').length;
    return { ...NOT_UTF8, message: `The file is not UTF-8: line ${line} holds bytes that are no character` };
  }
}

function faultOf(error: unknown): ReadFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = BY_ERRNO[code];
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  return { rule: 'file-unreadable', message: `Cannot read the file: ${message}`, hint: 'Check the path' };
}

function tooLarge(bytes: number): ReadFault {
  return {
    rule: 'file-too-large',
    message: `The file is too large: ${Math.ceil(bytes / 1024 / 1024)} MiB, at most ${MAX_FILE_BYTES / 1024 / 1024} are read`,
    hint: 'Spread it over several files and name them with "include"',
  };
}

function refuse(fault: ReadFault): TextResult {
  return { ok: false, fault };
}

const DIRECTORY: ReadFault = {
  rule: 'file-is-directory',
  message: 'This is a folder, not a file',
  hint: 'Name the file in it, or a pattern such as "folder/*.yaml" in "include"',
  isDirectory: true,
};
const NO_FILE: ReadFault = {
  rule: 'file-is-special',
  message: 'This is a device, pipe or socket, not a file',
  hint: 'Save the configuration to a file first',
};
const BINARY: ReadFault = {
  rule: 'binary-file',
  message: 'The file holds a zero byte, so it is no text',
  hint: 'Give a text file in YAML, saved as UTF-8',
};
const NOT_UTF8: ReadFault = {
  rule: 'not-utf8',
  message: 'The file is not UTF-8',
  hint: 'Save it as UTF-8, for example with "iconv -t UTF-8"',
};
const MISSING: ReadFault = {
  rule: 'file-missing',
  message: 'There is no such file',
  hint: 'Check the path; "--config" names another one',
  isMissing: true,
};
const BY_ERRNO: Readonly<Record<string, ReadFault>> = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  EACCES: {
    rule: 'file-unreadable',
    message: 'The file may not be read by this user',
    hint: 'Run as root, or check the owner and mode of the file and its folders',
  },
  ELOOP: {
    rule: 'file-unreadable',
    message: 'The path goes round in symbolic links',
    hint: 'Look at it with "namei -l"',
  },
  ENXIO: NO_FILE,
  EISDIR: DIRECTORY,
  EMFILE: {
    rule: 'file-unreadable',
    message: 'Too many files are open',
    hint: 'Raise the limit with "ulimit -n"',
  },
};

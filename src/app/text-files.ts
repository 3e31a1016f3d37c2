// Text files for commands: read within bounds, secrets for the loader, written in one step.
import { closeSync, constants, fstatSync, globSync, openSync, readSync, statSync } from 'node:fs';
import { chmod, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { SecretReading } from '../config/decode/secret-reader.ts';
import { MAX_FILE_BYTES, readText } from '../doors/file/read-text.ts';
import { InputError, OpError } from '../model/errors.ts';

export async function readTextFile(path: string): Promise<string> {
  const read = await readText(path);
  if (read.ok) return read.text;
  throw new InputError('CONFIG_UNREADABLE', `Cannot read "${path}": ${read.fault.message}`, {
    hint: read.fault.hint,
  });
}

/** Beside the file first, then renamed over it: a reader sees the old text or the new one, never half of either. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  const mode = await stat(path).then(
    (found) => found.mode & 0o7777,
    () => undefined,
  );
  // A new file has what the umask leaves of it.
  await replaceFile(path, text, mode ?? 0o644 & ~process.umask());
}

/** For its owner alone, whoever could read what stood there before. */
export function writePrivateFile(path: string, content: Uint8Array): Promise<void> {
  return replaceFile(path, content, 0o600);
}

async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // The mode given to open is cut by the umask.
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    const errno = errnoOf(cause);
    const code = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS' ? 'DENIED' : 'DRIVER_FAILED';
    throw new OpError(
      code,
      `Cannot write "${path}": ${errno}`,
      { op: 'write', target: path, errno },
      {
        cause,
        retry: 'never',
        hint: 'Check the folder, its permissions and the space on its disk',
      },
    );
  }
}

/** Regular files only, within the bound; never waits on a fifo. */
export function readTextSync(path: string, limit = MAX_FILE_BYTES): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error('it is no regular file');
    const buffer = Buffer.alloc(limit + 1);
    let filled = 0;
    for (;;) {
      const count = readSync(file, buffer, filled, buffer.length - filled, null);
      filled += count;
      if (count === 0) return buffer.toString('utf8', 0, filled);
      if (filled > limit) throw new Error(`it has more than ${limit} bytes`);
    }
  } finally {
    closeSync(file);
  }
}

/** A secret is short; what is longer is the wrong file. */
const MAX_SECRET_BYTES = 64 * 1024;

export function readSecretFile(path: string): SecretReading {
  try {
    const text = readTextSync(path, MAX_SECRET_BYTES).replace(/\r?\n$/, '');
    const mode = statSync(path).mode & 0o777;
    return (mode & 0o044) === 0 ? { ok: true, text } : { ok: true, text, openMode: mode.toString(8) };
  } catch (error) {
    return { ok: false, why: errnoOf(error) };
  }
}

/** Files of a keepalived `include`, seen from the file that includes it. */
export function readKeepalivedInclude(
  pattern: string,
  fromFile: string,
): readonly { readonly file: string; readonly text: string }[] {
  const path = isAbsolute(pattern) ? pattern : join(dirname(fromFile), pattern);
  return globSync(path)
    .sort()
    .map((file) => {
      const text = readTextSync(file);
      if (text.includes('\0')) throw new Error(`${basename(file)} holds a zero byte, so it is no text`);
      return { file, text };
    });
}

function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

// Files of our run directory: each is replaced as a whole or grows by whole lines, and what the disk has against it has a code.
import { appendFileSync, chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { OpError } from '../../model/errors.ts';

export function replaceFile(path: string, text: string): void {
  const next = `${path}.tmp`;
  writing(path, () => {
    try {
      writeFileSync(next, text, { mode: 0o600 });
      chmodSync(next, 0o600);
      renameSync(next, path);
    } catch (error) {
      // Half a file would keep the room that the next one needs.
      rmSync(next, { force: true });
      throw error;
    }
  });
}

export function appendTo(path: string, text: string): void {
  writing(path, () => appendFileSync(path, text, { mode: 0o600 }));
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}

/** What a full or read-only disk says, as an error of ours. */
export function writing(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw new OpError(
      'RUN_DIR_UNWRITABLE',
      `Cannot write "${path}": ${code}`,
      { op: 'write', target: path, errno: code },
      { cause },
    );
  }
}

export function isUnwritable(error: unknown): error is OpError {
  return error instanceof OpError && error.code === 'RUN_DIR_UNWRITABLE';
}

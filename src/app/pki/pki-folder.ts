// The files of our authority: ca.pem, ca.key, ca.crl, index.json and NAME.pem with NAME.key. Written in one step each, keys for
// their owner alone, one writer at a time.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PkiUse } from '../../cli/toolbox.ts';
import { tryLockFile } from '../../kernel/file-lock.ts';
import { InputError, OpError } from '../../model/errors.ts';
import type { ApiRole } from '../../model/settings.ts';

export interface Indexed {
  readonly serial: string;
  readonly name: string;
  readonly use: PkiUse;
  readonly role?: ApiRole;
  readonly names: readonly string[];
  readonly issuedMs: number;
  readonly notAfterMs: number;
  readonly revokedMs?: number;
  /** A newer certificate of that name took its place. */
  readonly renewed?: boolean;
}

export interface Index {
  readonly version: 1;
  readonly crlNumber: number;
  readonly certificates: readonly Indexed[];
}

export const CA_FILES = { certificate: 'ca.pem', key: 'ca.key', crl: 'ca.crl', index: 'index.json' } as const;

export class PkiFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  read(name: string): string {
    try {
      return readFileSync(this.file(name), 'utf8');
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      throw new InputError(
        missing ? 'NOT_FOUND' : 'FILE_UNREADABLE',
        `Cannot read "${this.file(name)}": ${(cause as Error).message}`,
        {
          cause,
          ...(missing
            ? { hint: 'Make an authority with "lbctl pki init", or name its folder with --dir' }
            : {}),
        },
      );
    }
  }

  index(): Index {
    try {
      return JSON.parse(this.read(CA_FILES.index)) as Index;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new InputError('FILE_UNREADABLE', `Cannot read "${this.file(CA_FILES.index)}" as it is no JSON`, {
        cause,
      });
    }
  }

  /** A reader sees the old file or the new one. */
  write(name: string, text: string, mode: number): void {
    const temporary = this.file(`.${name}.${process.pid}.tmp`);
    try {
      const fd = openSync(temporary, 'wx', mode);
      try {
        writeSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.file(name));
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw notWritten(this.file(name), cause);
    }
  }

  /** Runs alone: two who issue at once would lose one of the two from the index. */
  locked<T>(make: () => T): T {
    const path = this.file('.lock');
    let fd: number;
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      fd = openSync(path, 'a', 0o600);
    } catch (cause) {
      throw notWritten(path, cause);
    }
    try {
      if (!tryLockFile(fd))
        throw new InputError('CONFLICT', `Cannot change "${this.path}" as another lbctl does so now`, {
          hint: 'Try again when it has ended',
        });
      return make();
    } finally {
      closeSync(fd);
    }
  }
}

function notWritten(path: string, cause: unknown): OpError {
  const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const denied = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
  return new OpError(
    denied ? 'DENIED' : 'DRIVER_FAILED',
    `Cannot write "${path}": ${errno}`,
    { op: 'write', target: path, errno },
    { cause, retry: 'never', hint: 'Check the folder, its permissions and the space on its disk' },
  );
}

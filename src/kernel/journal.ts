// A small text file that only grows: what must survive a crash between two writes. Lines are synced before append returns.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OpError } from '../model/errors.ts';

export interface Journal {
  /** Changes whenever the lines do, whoever wrote them; cheap to ask. */
  stamp(): string;
  /** Whole lines, oldest first; undefined where there is no file. A torn last line (a crash in the middle) is left out. */
  read(): readonly string[] | undefined;
  append(lines: readonly string[]): void;
  /** Replaces all lines at once. */
  rewrite(lines: readonly string[]): void;
}

export class FileJournal implements Journal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  stamp(): string {
    try {
      const stat = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
      return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
    } catch (error) {
      throw this.#failure('read', error);
    }
  }

  read(): readonly string[] | undefined {
    try {
      const text = readFileSync(this.#path, 'utf8');
      return text.split('\n').slice(0, -1);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.#failure('read', error);
    }
  }

  append(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#write(this.#path, 'a', lines);
  }

  rewrite(lines: readonly string[]): void {
    const next = `${this.#path}.new`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
      this.#write(next, 'w', lines);
      renameSync(next, this.#path);
    } catch (error) {
      throw error instanceof OpError ? error : this.#failure('write', error);
    }
  }

  #write(path: string, mode: 'a' | 'w', lines: readonly string[]): void {
    try {
      const fd = openSync(path, mode, 0o640);
      try {
        writeSync(fd, `${lines.join('\n')}\n`);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw this.#failure('write', error);
    }
  }

  #failure(op: string, cause: unknown): OpError {
    const { code = 'EIO', message } = cause as NodeJS.ErrnoException;
    const denied = code === 'EACCES' || code === 'EPERM';
    return new OpError(
      denied ? 'DENIED' : 'DRIVER_FAILED',
      `Cannot ${op} the record of what is ours: ${message}`,
      { op, target: this.#path, errno: code },
      {
        cause,
        hint: denied
          ? 'Run as root, who owns the state directory'
          : 'Check the state directory and the space on its disk',
      },
    );
  }
}

/** Lives as long as the process; the journal of tests. */
export class MemoryJournal implements Journal {
  lines: string[] | undefined;
  #writes = 0;

  stamp(): string {
    return String(this.#writes);
  }

  read(): readonly string[] | undefined {
    return this.lines === undefined ? undefined : [...this.lines];
  }

  append(lines: readonly string[]): void {
    this.#writes += 1;
    this.lines = [...(this.lines ?? []), ...lines];
  }

  rewrite(lines: readonly string[]): void {
    this.#writes += 1;
    this.lines = [...lines];
  }
}

// One daemon a machine: a lock the kernel lets go of when we die, however we die.
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { tryLockFile } from '../../kernel/file-lock.ts';
import { InputError } from '../../model/errors.ts';

/** Throws InputError CONFLICT where another process holds it. The returned function lets it go. */
export function lockInstance(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fd = openSync(path, 'a+', 0o644);
  if (!tryLockFile(fd)) {
    closeSync(fd);
    const holder = readFileSync(path, 'utf8').trim();
    throw new InputError('CONFLICT', `Cannot start as another daemon runs: current process is ${holder}`, {
      hint: 'Stop it first, or talk to it with "lbctl status"',
      details: { lock: path, pid: holder },
    });
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return () => closeSync(fd);
}

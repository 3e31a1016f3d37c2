// One daemon a machine, and one for what is kept: locks the kernel lets go of when we die, however we die.
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLockFile } from '../../kernel/file-lock.ts';
import { InputError } from '../../model/errors.ts';

export interface Places {
  readonly runDir: string;
  readonly stateDir: string;
}

/**
 * Throws InputError CONFLICT where another process holds one of them. The returned function lets both go. Two that keep their
 * state in one folder would each undo what the other remembers, whatever else they have apart.
 */
export function lockInstance({ runDir, stateDir }: Places): () => void {
  const unlock = lock(join(runDir, 'daemon.lock'), 0o755, 'Stop it first, or talk to it with "lbctl status"');
  try {
    const unlockState = lockWhatIsKept(stateDir);
    return () => {
      unlockState();
      unlock();
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A disk that takes nothing keeps nothing that two could spoil, and no node from serving. */
function lockWhatIsKept(stateDir: string): () => void {
  try {
    return lock(
      join(stateDir, 'state.lock'),
      0o750,
      'Stop it first, or give each a system.state_dir of its own',
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    return () => undefined;
  }
}

function lock(path: string, mode: number, hint: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode });
  const fd = openSync(path, 'a+', 0o644);
  if (!tryLockFile(fd)) {
    closeSync(fd);
    const holder = readFileSync(path, 'utf8').trim();
    throw new InputError('CONFLICT', `Cannot start as another daemon runs: current process is ${holder}`, {
      hint,
      details: { lock: path, pid: holder },
    });
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return () => closeSync(fd);
}

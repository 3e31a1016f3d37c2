// A write to state.db that did not work, as an error of ours: the disk is full or read-only, and reads go on.
import { OpError } from '../model/errors.ts';
import type { Db } from './open-sqlite.ts';

/** Result codes of SQLite (sqlite.org/rescode.html) that say what an operator must mend; extended ones hold them in the low byte. */
const ERRNOS: Readonly<Record<number, string>> = {
  8: 'EROFS',
  10: 'EIO',
  11: 'CORRUPT',
  13: 'ENOSPC',
  14: 'ENOENT',
  26: 'CORRUPT',
};

export function writing<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const { errcode, message } = cause as { errcode?: number; message: string };
    if (errcode === undefined) throw cause;
    const errno = ERRNOS[errcode & 0xff];
    throw new OpError(
      'STATE_UNWRITABLE',
      `Cannot write ${what} to state.db: ${message}`,
      { op: 'write', target: 'state.db', ...(errno === undefined ? {} : { errno }) },
      { cause },
    );
  }
}

/** All of it or none of it. */
export function inTransaction<T>(db: Db, what: string, act: () => T): T {
  return writing(what, () => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = act();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  });
}

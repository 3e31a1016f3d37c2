// A look at the revisions that a node keeps, before anything is known of the node: nothing is made, mended or set aside by it.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { inCopy } from './open-sqlite.ts';
import { RevisionTable } from './revision-table.ts';

/** Undefined where there are none, or they cannot be read: whoever opens the file to keep it tells why. */
export function peekRevisions<T>(path: string, look: (revisions: RevisionTable) => T): T | undefined {
  if (!existsSync(path)) return undefined;
  for (const attempt of [lookAt<T>, lookAtCopy<T>]) {
    try {
      return attempt(path, look);
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
    }
  }
  return undefined;
}

function lookAt<T>(path: string, look: (revisions: RevisionTable) => T): T {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return look(new RevisionTable(db));
  } finally {
    db.close();
  }
}

/** On a disk that takes nothing what a crash left in the log cannot be put in. */
function lookAtCopy<T>(path: string, look: (revisions: RevisionTable) => T): T {
  return inCopy(path, (copy) => lookAt(copy, look));
}

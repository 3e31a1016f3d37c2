// Revisions with a name.
import type { Change, RevisionStore, SnapshotInfo } from '../../../engine/config-port.ts';
import { InputError } from '../../../model/errors.ts';

export function addSnapshot(
  store: RevisionStore,
  name: string,
  revision: number | undefined,
  { author, reason }: Change,
  atMs: number,
): SnapshotInfo {
  if (revision === undefined || store.get(revision) === undefined)
    throw new InputError('NOT_FOUND', `Cannot keep revision ${revision ?? '-'} as there is none`, {
      hint: '"lbctl history" lists those there are',
    });
  const snapshot = { name, revision, atMs, author, reason };
  if (store.addSnapshot(snapshot)) return snapshot;
  throw new InputError('OBJECT_EXISTS', `Cannot make snapshot "${name}" as there is one of that name`, {
    hint: `Choose another name, or forget that one ("lbctl snapshot delete ${name}")`,
  });
}

export function removeSnapshot(store: RevisionStore, name: string): void {
  if (store.removeSnapshot(name)) return;
  throw new InputError('NOT_FOUND', `Cannot find snapshot "${name}"`, {
    hint: '"lbctl snapshot list" lists those there are',
  });
}

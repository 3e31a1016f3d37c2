// Writes of the API as the configuration they ask for: one sees the ones before it, all are judged together, nothing is in force yet.
import type { ObjectEdit, WriteRequest } from '../../../engine/config-port.ts';
import { InputError } from '../../../model/errors.ts';
import type { Quota } from '../../../model/project.ts';
import { type ConfigSource, firstFault, isGood, loadWith } from './config-source.ts';
import type { InForce } from './in-force.ts';
import { lastOfEach } from './join-changes.ts';
import { Catalogue } from './object-catalogue.ts';
import { ownFaults } from './own-faults.ts';
import type { Next } from './revision-reader.ts';
import { ownEdits, requireOwnReferences, requireQuota, scopedTo, usageOf } from './tenancy.ts';

export interface DraftOptions {
  readonly source: ConfigSource;
  readonly nowMs: () => number;
  readonly quotaOf: (project: string) => Quota | undefined;
}

/** Throws what is wrong with one of them, or with what they would make together. */
export function draftWrites(
  requests: readonly WriteRequest[],
  { files, fileObjects, loaded, book: before, catalogue: standing }: InForce,
  { source, nowMs, quotaOf }: DraftOptions,
): Next {
  const draft = before.draft();
  const { book } = draft;
  let catalogue = standing;
  const edits: ObjectEdit[] = [];
  const own: { readonly project: string; readonly edits: readonly ObjectEdit[] }[] = [];
  for (const { edit, author, project } of requests) {
    const wanted =
      project === undefined
        ? edit(catalogue)
        : ownEdits(edit(scopedTo(catalogue, project)), catalogue, project);
    if (wanted.length === 0) continue;
    if (project !== undefined) own.push({ project, edits: wanted });
    edits.push(...wanted);
    draft.write(wanted, author, nowMs());
    catalogue = new Catalogue(book, fileObjects, loaded.intent);
  }
  if (edits.length === 0) return { files, book: before, loaded, edits };
  const result = loadWith(source, files, book.all());
  if (!isGood(result)) {
    const errors = result.diagnostics.filter((one) => one.severity === 'error');
    // Of many the queue finds the wrong one by trying each alone.
    const [only] = own.length === 1 ? own : [];
    const told =
      only === undefined
        ? errors
        : ownFaults(errors, { ...only, catalogue: standing, intent: loaded.intent });
    throw new InputError('CONFIG_INVALID', `Cannot take the change: ${firstFault(told)}`, {
      // No file is at fault, so there is nothing that "lbctl validate" could name.
      hint: told[0]?.hint ?? 'Correct what is named, and send the change again',
      details: { diagnostics: told },
    });
  }
  const { intent } = result;
  const next = new Catalogue(book, fileObjects, intent);
  for (const one of own) requireOwnReferences(one.edits, next, intent, one.project);
  if (edits.some(({ kind, name }) => next.get(kind, name)?.project !== undefined))
    requireQuota(usageOf(standing, loaded.intent), usageOf(next, intent), quotaOf);
  return { files, book, loaded: result, edits: lastOfEach(edits) };
}

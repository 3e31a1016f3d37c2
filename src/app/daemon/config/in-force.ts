// The configuration in force: its files, the objects of the API beside them, what came of both, and what doors see of it.
import type { FileSet, Loaded } from './config-source.ts';
import type { ObjectBook } from './object-book.ts';
import { Catalogue, FileObjects } from './object-catalogue.ts';
import type { Next } from './revision-reader.ts';

export interface InForce {
  readonly files: FileSet;
  readonly book: ObjectBook;
  readonly fileObjects: FileObjects;
  readonly loaded: Loaded;
  readonly catalogue: Catalogue;
  /** Absent where the history could not be written. */
  readonly revision?: number;
}

/** What stands in files is taken over from before where the files are the same. */
export function putInForce(
  { files, book, loaded }: Omit<Next, 'edits'>,
  revision: number | undefined,
  before: InForce | undefined,
): InForce {
  const fileObjects = before?.files === files ? before.fileObjects : new FileObjects(files, loaded.written);
  const catalogue = new Catalogue(book, fileObjects, loaded.intent);
  return { files, book, loaded, fileObjects, catalogue, ...(revision === undefined ? {} : { revision }) };
}

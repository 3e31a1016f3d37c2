// A stored revision as a configuration again: its files parsed anew, its objects beside them, judged by the rules of today.
import type { ObjectEdit, RevisionStore } from '../../../engine/config-port.ts';
import { InputError } from '../../../model/errors.ts';
import {
  type ConfigSource,
  type FileSet,
  firstFault,
  isGood,
  type Loaded,
  loadWith,
  toFileSet,
} from './config-source.ts';
import { ObjectBook } from './object-book.ts';

/** A configuration that is not in force yet. */
export interface Next {
  readonly files: FileSet;
  readonly book: ObjectBook;
  readonly loaded: Loaded;
  /** Of the objects, against what is in force. */
  readonly edits: readonly ObjectEdit[];
}

export class RevisionReader {
  readonly #store: RevisionStore;
  readonly #source: ConfigSource;

  constructor(store: RevisionStore, source: ConfigSource) {
    this.#store = store;
    this.#source = source;
  }

  /** Undefined where it is forgotten. */
  filesOf(number: number): FileSet | undefined {
    const content = this.#store.content(number);
    return content === undefined ? undefined : toFileSet(this.#source.parse(content.files));
  }

  /** Throws where it is forgotten, or not valid any more. */
  read(number: number, inForce: ObjectBook | undefined): Next {
    const content = this.#store.content(number);
    if (content === undefined)
      throw new InputError('NOT_FOUND', `Cannot find revision ${number}`, {
        hint: '"lbctl history" lists those there are',
      });
    const files = toFileSet(this.#source.parse(content.files));
    const book = ObjectBook.of(content.objects);
    const loaded = loadWith(this.#source, files, book.all());
    if (isGood(loaded)) return { files, book, loaded, edits: (inForce ?? book).editsTo(book) };
    const { diagnostics } = loaded;
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot go back to revision ${number} as it is not valid any more: ${firstFault(diagnostics)}`,
      { details: { diagnostics } },
    );
  }

  hasFiles(number: number, files: FileSet): boolean {
    const stored = this.#store.content(number)?.files ?? [];
    return (
      stored.length === files.stored.length &&
      stored.every(({ file, text }, i) => file === files.stored[i]?.file && text === files.stored[i].text)
    );
  }
}

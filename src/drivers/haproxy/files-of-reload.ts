// Copies of the operator's files, and lists as they were decided, around a reload: laid before HAProxy reads them, put back when it
// takes none of them. What lies in place is always what the configuration in force was started with, so that it can be started with it again.
import { existsSync } from 'node:fs';
import { readText } from './certificates.ts';
import { removeFile, replaceFile } from './run-files.ts';

export interface LaidFile {
  readonly path: string;
  readonly text: string;
}

export class FilesOfReload {
  readonly #files: readonly LaidFile[];
  /** What stood there; nothing where nothing did. */
  readonly #before = new Map<string, string | undefined>();

  constructor(files: readonly LaidFile[]) {
    this.#files = files;
  }

  lay(): void {
    for (const { path, text } of this.#files) {
      this.#before.set(path, existsSync(path) ? readText(path, path) : undefined);
      replaceFile(path, text);
    }
  }

  rollBack(): void {
    for (const [path, text] of this.#before)
      if (text === undefined) removeFile(path);
      else replaceFile(path, text);
  }
}

// Tells when a configuration file changed on disk. Editors replace files, so folders are watched, not files.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Saving several files, or one in several writes, is one change. */
const SETTLE_MS = 300;
/** A watch stays with the folder it began with, wherever that is moved, and none begins where there is no folder yet. */
const LOOK_MS = 5000;

interface Watched {
  readonly inode: number;
  readonly watcher: FSWatcher;
}

export class FileWatch {
  readonly #onChange: () => void;
  #wanted: ReadonlySet<string> = new Set();
  #names: ReadonlySet<string> = new Set();
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches the folders of these files from now on, those where others may come, and no others. */
  setFiles(files: readonly string[], folders: readonly string[] = []): void {
    this.#wanted = new Set([...files.map((file) => dirname(file)), ...folders]);
    this.#names = new Set(files.map((file) => basename(file)));
    for (const folder of [...this.#watched.keys()]) if (!this.#wanted.has(folder)) this.#leave(folder);
    for (const folder of this.#wanted) this.#follow(folder);
    this.#looking ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Folders that came, went or are others now: what stands in them is not what was read. */
  look(): void {
    for (const folder of this.#wanted) if (this.#follow(folder)) this.#settle();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    for (const folder of [...this.#watched.keys()]) this.#leave(folder);
  }

  /** True where the folder is another than before. */
  #follow(folder: string): boolean {
    const inode = inodeOf(folder);
    const before = this.#watched.get(folder)?.inode;
    if (inode === before) return false;
    this.#leave(folder);
    if (inode !== undefined) this.#watch(folder, inode);
    return before !== undefined || this.#watched.has(folder);
  }

  #leave(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  #watch(folder: string, inode: number): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // State and editors' own files beside the configuration are none of ours.
        if (name !== null && (/\.ya?ml$/.test(name) || this.#names.has(name))) this.#settle();
      });
      watcher.on('error', () => this.#leave(folder));
      this.#watched.set(folder, { inode, watcher });
    } catch {
      // Out of inotify watches, or the folder is gone: HUP and "lbctl reload" still work.
    }
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, SETTLE_MS);
  }
}

function inodeOf(folder: string): number | undefined {
  try {
    return statSync(folder).ino;
  } catch {
    return undefined;
  }
}

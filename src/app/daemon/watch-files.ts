// Tells when a configuration file changed on disk. Editors replace files, so folders are watched, not files.
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Saving several files, or one in several writes, is one change. */
const SETTLE_MS = 300;

export class FileWatch {
  readonly #onChange: () => void;
  #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches the folders of these files from now on, and no others. A folder that cannot be watched is not. */
  setFiles(files: readonly string[]): void {
    const folders = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers = new Map();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // State and editors' own files beside the configuration are none of ours.
        if (name !== null && /\.ya?ml$/.test(name)) this.#settle();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // Out of inotify watches, or the folder is gone: HUP and "lbctl reload" still work.
    }
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, SETTLE_MS);
  }
}

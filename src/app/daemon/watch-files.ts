// Tells when a configuration file changed on disk. Editors replace files, so folders are watched, not files.
import { type FSWatcher, lstatSync, realpathSync, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Saving several files, or one in several writes, is one change. */
const SETTLE_MS = 300;
/** A watch stays with the folder it began with, wherever that is moved, and none begins where there is no folder yet. */
const LOOK_MS = 5000;
/** Links may be turned elsewhere by any name in the folder (a ConfigMap of Kubernetes: `..data`), and others write there a lot. */
const LINKS_MS = 100;

interface Watched {
  readonly inode: number;
  readonly watcher: FSWatcher;
}

export class FileWatch {
  readonly #onChange: () => void;
  #files: readonly string[] = [];
  #folders: readonly string[] = [];
  /** Files that are reached over links, and what stands at their end. */
  #linked: ReadonlyMap<string, string | undefined> = new Map();
  #wanted: ReadonlySet<string> = new Set();
  #names: ReadonlySet<string> = new Set();
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #linksSoon: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches the folders of these files from now on, those where others may come, and no others. */
  setFiles(files: readonly string[], folders: readonly string[] = []): void {
    this.#files = files;
    this.#folders = folders;
    this.#followLinks();
    this.#looking ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Folders that came, went or are others now: what stands in them is not what was read. */
  look(): void {
    this.#lookAtLinks();
    for (const folder of this.#wanted) if (this.#follow(folder)) this.#settle();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#linksSoon);
    clearInterval(this.#looking);
    for (const folder of [...this.#watched.keys()]) this.#leave(folder);
  }

  #lookAtLinks(): void {
    this.#linksSoon = undefined;
    const turned = [...this.#linked].some(([file, target]) => realPathOf(file) !== target);
    if (!turned) return;
    this.#followLinks();
    this.#settle();
  }

  /** What a link points to is written in its own folder, under its own name. */
  #followLinks(): void {
    const ends = this.#files.map((file) => [file, realPathOf(file)] as const);
    this.#linked = new Map(ends.filter(([file, end]) => isLinked(file, end)));
    const all = [...this.#files, ...[...this.#linked.values()].filter((end) => end !== undefined)];
    this.#wanted = new Set([...all.map((file) => dirname(file)), ...this.#folders]);
    this.#names = new Set(all.map((file) => basename(file)));
    for (const folder of [...this.#watched.keys()]) if (!this.#wanted.has(folder)) this.#leave(folder);
    for (const folder of this.#wanted) this.#follow(folder);
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
        else if (this.#linked.size > 0)
          this.#linksSoon ??= setTimeout(() => this.#lookAtLinks(), LINKS_MS).unref();
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

/** Undefined where there is none, as of a link into nothing. */
function realPathOf(file: string): string | undefined {
  try {
    return realpathSync.native(file);
  } catch {
    return undefined;
  }
}

/** By a link of its own, into nothing too: links above its folder are followed by whoever looks at the folder. */
function isLinked(file: string, end: string | undefined): boolean {
  if (end === undefined) return isLink(file);
  const folder = realPathOf(dirname(file));
  return folder !== undefined && end !== join(folder, basename(file));
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

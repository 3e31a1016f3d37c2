// The site of the soak: the demo's pair, with a small disk for each node's state and clocks that can be moved.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemoSite, NODES, type NodeName } from '../demo/site.ts';
import { execSync, mustSync } from '../process.ts';
import type { SoakSite } from './faults.ts';

const LIBRARY = 'faketime/libfaketimeMT.so.1';
const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
const DISK = '8m';

export interface OpenSoakSite extends SoakSite {
  mountDisks(): void;
}

export function openSoakSite(): OpenSoakSite {
  const library = FOLDERS.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path));
  return new SmallSite(library);
}

class SmallSite extends DemoSite implements OpenSoakSite {
  readonly moveClock: ((node: NodeName, seconds: number) => void) | undefined;
  readonly #library: string | undefined;

  constructor(library: string | undefined) {
    super('soak');
    this.#library = library;
    if (library !== undefined)
      this.moveClock = (node, seconds) =>
        writeFileSync(this.#clock(node), `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  mountDisks(): void {
    for (const node of NODES) {
      mkdirSync(this.#disk(node), { recursive: true });
      mustSync(['mount', '-t', 'tmpfs', '-o', `size=${DISK}`, 'none', this.#disk(node)]);
      this.moveClock?.(node, 0);
    }
  }

  /** Timers go by the monotonic clock, which no person can move. */
  override environmentOf(node: NodeName): Readonly<Record<string, string>> {
    if (this.#library === undefined) return {};
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#clock(node),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  override async close(): Promise<void> {
    await this.endPrograms();
    for (const node of NODES) execSync(['umount', '-l', this.#disk(node)]);
    await super.close();
  }

  #disk(node: NodeName): string {
    return join(this.dir, node, 'state');
  }

  #clock(node: NodeName): string {
    return join(this.dir, `${node}.clock`);
  }
}

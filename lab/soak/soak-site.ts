// The site of the soak: the demo's pair, with a small disk for each node's state and clocks that can be moved.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DemoSite, NODES, type NodeName } from '../demo/site.ts';
import { fakeTime, fakeTimeLibrary, moveClock } from '../fake-time.ts';
import { execSync, mustSync } from '../process.ts';
import type { SoakSite } from './faults.ts';

const DISK = '8m';

export interface OpenSoakSite extends SoakSite {
  mountDisks(): void;
}

export function openSoakSite(): OpenSoakSite {
  return new SmallSite(fakeTimeLibrary());
}

class SmallSite extends DemoSite implements OpenSoakSite {
  readonly moveClock: ((node: NodeName, seconds: number) => void) | undefined;
  readonly #library: string | undefined;

  constructor(library: string | undefined) {
    super('soak');
    this.#library = library;
    if (library !== undefined) this.moveClock = (node, seconds) => moveClock(this.#clock(node), seconds);
  }

  mountDisks(): void {
    for (const node of NODES) {
      mkdirSync(this.#disk(node), { recursive: true });
      mustSync(['mount', '-t', 'tmpfs', '-o', `size=${DISK}`, 'none', this.#disk(node)]);
      this.moveClock?.(node, 0);
    }
  }

  override environmentOf(node: NodeName): Readonly<Record<string, string>> {
    return this.#library === undefined ? {} : fakeTime(this.#library, this.#clock(node));
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

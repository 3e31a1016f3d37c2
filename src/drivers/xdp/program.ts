// The loaded program and its pins: tables taken over from the last process, links swapped in place. What is attached when
// we start stays attached until the new program has taken over, and stays when we go.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { programInfo } from '../../kernel/bpf/info.ts';
import { closeFd } from '../../kernel/bpf/libc.ts';
import { type AttachMode, createLink, detachLink, linkInfo, updateLink } from '../../kernel/bpf/link.ts';
import { BpfMap } from '../../kernel/bpf/map.ts';
import { type BpfObject, loadObject } from '../../kernel/bpf/object.ts';
import { ensureBpffs, openPin, pin, pinsIn, unpin } from '../../kernel/bpf/pin.ts';
import { LbError } from '../../model/errors.ts';
import { LAYOUT_VERSION } from './layout.ts';

export const DEFAULT_FOLDER = '/sys/fs/bpf/lbctl';

/**
 * The program array must live as long as the program that jumps through it, and the scratch row is private to both. What
 * flows were met within a second is found again within the next.
 */
const OWN_TABLES = ['stages', 'scratch', 'answers', 'recents'] as const;

export interface XdpInterface {
  readonly name: string;
  readonly ifindex: number;
}

export interface Attached extends XdpInterface {
  readonly mode: AttachMode;
  /** Its last program went on without a gap. */
  readonly swapped: boolean;
}

export class XdpProgram {
  readonly #folder: string;
  readonly #objectPath: string;

  constructor(objectPath: string, folder: string = DEFAULT_FOLDER) {
    this.#objectPath = objectPath;
    this.#folder = join(folder, `v${LAYOUT_VERSION}`);
  }

  /** Tables that are pinned keep their size, as the flows are in them. */
  load(sizes: Readonly<Record<string, number>>): BpfObject {
    const maps = this.#makeFolders();
    const actual: Record<string, number> = { ...sizes };
    for (const name of pinsIn(maps)) {
      const fd = openPin(join(maps, name));
      if (fd === undefined) continue;
      const { maxEntries } = new BpfMap(fd);
      closeFd(fd);
      if (sizes[name] !== undefined) actual[name] = maxEntries;
    }
    return loadObject(this.#objectPath, { sizes: actual, pinFolder: maps, unpinned: OWN_TABLES });
  }

  /** Whether the link is still there and on that interface: whoever deletes its pin takes the program off. */
  holds({ ifindex, mode }: Attached): boolean {
    const fd = openPin(this.#linkPath(ifindex, mode));
    if (fd === undefined) return false;
    try {
      return linkInfo(fd).ifindex === ifindex;
    } finally {
      closeFd(fd);
    }
  }

  /** Whether the next process will find the tables, and the flows in them. */
  hasTables(object: BpfObject): boolean {
    const pins = new Set(pinsIn(join(this.#folder, 'maps')));
    return sharedTables(object).every((name) => pins.has(name));
  }

  /**
   * On every interface given; off those no longer wanted. One interface failing leaves the others attached. `anew` where the wish
   * is another one than before: `auto` tries native mode again.
   */
  attach(
    object: BpfObject,
    interfaces: readonly XdpInterface[],
    wish: 'auto' | AttachMode,
    anew = false,
  ): readonly (Attached | { readonly name: string; readonly error: LbError })[] {
    this.#pinTables(object);
    const program = object.program('steelyard');
    const stages = join(this.#folder, `stages-${programInfo(program).id}`);
    if (!existsSync(stages)) pin(object.map('stages').fd, stages);
    const links = join(this.#folder, 'links');
    for (const name of pinsIn(links))
      if (
        !interfaces.some(
          ({ ifindex }) => name === linkName(ifindex, 'native') || name === linkName(ifindex, 'generic'),
        )
      )
        takeOff(join(links, name));
    const results = interfaces.map((one) => {
      try {
        return this.#attachOne(program, one, wish, anew);
      } catch (error) {
        if (!(error instanceof LbError)) throw error;
        return { name: one.name, error };
      }
    });
    // The last program is on no interface any more once all links point to this one.
    if (results.every((result) => 'ifindex' in result))
      for (const name of pinsIn(this.#folder))
        if (name.startsWith('stages-') && join(this.#folder, name) !== stages)
          unpin(join(this.#folder, name));
    return results;
  }

  /** Takes everything away: links, tables, flows. */
  remove(): void {
    for (const name of pinsIn(join(this.#folder, 'links'))) takeOff(join(this.#folder, 'links', name));
    for (const name of pinsIn(join(this.#folder, 'maps'))) unpin(join(this.#folder, 'maps', name));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #makeFolders(): string {
    ensureBpffs();
    const maps = join(this.#folder, 'maps');
    mkdirSync(maps, { recursive: true });
    mkdirSync(join(this.#folder, 'links'), { recursive: true });
    return maps;
  }

  /** Those that were made when the object was loaded and taken away since. */
  #pinTables(object: BpfObject): void {
    const maps = this.#makeFolders();
    const pins = pinsIn(maps);
    for (const name of sharedTables(object))
      if (!pins.includes(name)) pin(object.map(name).fd, join(maps, name));
  }

  #attachOne(program: number, one: XdpInterface, wish: 'auto' | AttachMode, anew: boolean): Attached {
    for (const mode of ['native', 'generic'] as const) {
      const path = this.#linkPath(one.ifindex, mode);
      const fd = openPin(path);
      if (fd === undefined) continue;
      const info = linkInfo(fd);
      const isWanted = wish === mode || (wish === 'auto' && (mode === 'native' || !anew));
      if (info.ifindex === one.ifindex && isWanted) {
        updateLink(fd, program, one.name);
        closeFd(fd);
        return { ...one, mode, swapped: true };
      }
      // The interface was made anew, or the other mode is wanted: this link is of no use any more.
      closeFd(fd);
      takeOff(path);
    }
    const modes: readonly AttachMode[] = wish === 'auto' ? ['native', 'generic'] : [wish];
    for (const [index, mode] of modes.entries()) {
      try {
        const fd = createLink(program, one.ifindex, one.name, mode);
        pin(fd, this.#linkPath(one.ifindex, mode));
        closeFd(fd);
        return { ...one, mode, swapped: false };
      } catch (error) {
        const refused = error instanceof LbError && error.code === 'XDP_UNSUPPORTED';
        if (!refused || index === modes.length - 1) throw error;
      }
    }
    throw new RangeError('Cannot attach in no mode at all');
  }

  #linkPath(ifindex: number, mode: AttachMode): string {
    return join(this.#folder, 'links', linkName(ifindex, mode));
  }
}

function sharedTables(object: BpfObject): readonly string[] {
  return object.mapNames().filter((name) => !OWN_TABLES.some((own) => own === name));
}

/** At once: whoever attaches next, in another mode or after a change of mind, finds the interface free. */
function takeOff(path: string): void {
  const fd = openPin(path);
  if (fd === undefined) return;
  try {
    detachLink(fd, basename(path));
  } finally {
    closeFd(fd);
    unpin(path);
  }
}

/** By number: names may hold dots, which bpffs keeps for itself, and an interface made anew has another number. */
function linkName(ifindex: number, mode: AttachMode): string {
  return `${mode}-${ifindex}`;
}

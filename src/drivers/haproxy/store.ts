// Our run directory: configuration, record, certificates. Everything of it is ours and readable by root alone.
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { InputError } from '../../model/errors.ts';
import type { Item } from '../../model/item.ts';
import type { List } from './lists.ts';
import { certificateListPath, pathOfKey, standInPath } from './names.ts';
import { appendFileDigest, appendMembers, loadRecord, Record } from './record.ts';
import type { Block } from './record-types.ts';
import { type GlobalSettings, renderGlobal } from './render/global.ts';
import { generationOf, renderBlock } from './render/render.ts';
import { isUnwritable, replaceFile, writing } from './run-files.ts';

export class Store {
  settings: GlobalSettings;
  readonly #config: string;
  readonly #record: string;
  readonly #next: string;
  #loaded: Record | undefined;
  #stamp = '';
  /** What `record.next.jsonl` holds. */
  #laid: Record | undefined;
  /** Of thousands of blocks a change through the socket concerns one. */
  readonly #texts = new WeakMap<Block, { readonly stamp: number; readonly text: string }>();
  #lists: { readonly blocks: Record['blocks'] | undefined; readonly lists: readonly List[] } | undefined;

  constructor(settings: GlobalSettings) {
    const { runDir } = settings;
    // It stands in a socket's name, a command line and every path of the file.
    if (!/^\/[A-Za-z0-9_./-]{1,80}$/.test(runDir))
      throw new InputError(
        'USAGE',
        `Cannot use run directory ${JSON.stringify(runDir)} as it must be a plain, short path`,
      );
    this.settings = settings;
    this.#config = `${runDir}/haproxy.cfg`;
    this.#record = `${runDir}/record.jsonl`;
    this.#next = `${runDir}/record.next.jsonl`;
  }

  prepare(): void {
    const { runDir } = this.settings;
    writing(runDir, () => {
      for (const folder of ['', '/tls', '/files', '/lists'])
        mkdirSync(`${runDir}${folder}`, { recursive: true, mode: 0o700 });
      // The worker drops into it: nothing inside, nothing to write.
      mkdirSync(`${runDir}/chroot`, { recursive: true, mode: 0o755 });
      chmodSync(runDir, 0o700);
    });
    // HAProxy refuses a map without a file; what it holds is told to workers alone.
    if (stampOf(standInPath(this.settings)) === '') replaceFile(standInPath(this.settings), '');
  }

  /** The record of what runs; an empty one when none fits the generation. */
  recordOf(generation: string): Record {
    const current = this.#current();
    if (current?.generation === generation) return current;
    // We may have died between a reload and the word that it went well.
    const next = loadRecord(this.#next);
    if (next?.generation !== generation) return new Record();
    this.#laid = next;
    this.#adopt(next);
    return next;
  }

  /** Lists of what runs, as far as it is known: of the record of this generation, or of the last one. */
  lists(generation?: string): readonly List[] {
    const record = generation === undefined ? this.#current() : this.recordOf(generation);
    if (this.#lists?.blocks !== record?.blocks)
      this.#lists = {
        blocks: record?.blocks,
        lists: [...(record?.blocks.values() ?? [])].flatMap((block) => block.lists),
      };
    return this.#lists?.lists ?? [];
  }

  generationFor(record: Record): string {
    const files = [...record.files].filter(([key]) => key.startsWith('file ')).sort();
    return generationOf(this.settings, record.blocks.values(), JSON.stringify(files));
  }

  render(record: Record): string {
    const parts = [renderGlobal(this.settings, record.generation)];
    for (const block of record.blocks.values()) {
      const stamp = record.stamp(block.item.key);
      const known = this.#texts.get(block);
      if (known?.stamp === stamp) parts.push(known.text);
      else {
        const text = renderBlock({ block, members: record.membersToWrite(block) });
        this.#texts.set(block, { stamp, text });
        parts.push(text);
      }
    }
    return parts.join('');
  }

  /** Before it is started again from the file: what somebody wrote into that meanwhile is none of ours. */
  restore(): void {
    const record = this.#current();
    if (record === undefined || record.generation === '') return;
    try {
      replaceFile(this.#config, this.render(record));
    } catch (error) {
      // Better started with what lies there than not at all: each file was whole when it was laid.
      if (!isUnwritable(error)) throw error;
    }
  }

  writeLists(blocks: Iterable<Block>): void {
    for (const block of blocks)
      if (block.certificateList !== '')
        replaceFile(certificateListPath(this.settings, block.certificateList), block.certificateList);
  }

  /** A candidate beside the one in force. */
  writeCandidate(name: string, record: Record): string {
    const path = `${this.settings.runDir}/${name}.cfg`;
    replaceFile(path, this.render(record));
    return path;
  }

  /** The candidate takes the place of the one in force, which is kept until settle(). */
  promote(candidate: string, record: Record): void {
    record.save(this.#next);
    this.#laid = record;
    rmSync(`${this.#config}.last`, { force: true });
    if (stampOf(this.#config) !== '') renameSync(this.#config, `${this.#config}.last`);
    renameSync(candidate, this.#config);
  }

  settle(record: Record): void {
    this.#adopt(record);
  }

  rollBack(): void {
    rmSync(this.#next, { force: true });
    this.#laid = undefined;
    if (stampOf(`${this.#config}.last`) !== '') renameSync(`${this.#config}.last`, this.#config);
  }

  /** Members changed through the socket: the file is right first, so that a reload cannot lose them. */
  writeMembers(record: Record, put: readonly Item[], gone: readonly Item[]): void {
    try {
      replaceFile(this.#config, this.render(record));
      appendMembers(this.#record, put, gone);
    } finally {
      this.#loaded = record;
      this.#stamp = stampOf(this.#record);
    }
  }

  /** Whether our copy of a certificate or file, by key, lies where HAProxy looks for it. */
  isLaid(key: string): boolean {
    return stampOf(pathOfKey(this.settings, key)) !== '';
  }

  writeFileDigest(record: Record, key: string, digest: string): void {
    if (digest === '') record.files.delete(key);
    else record.files.set(key, digest);
    appendFileDigest(this.#record, key, digest);
    this.#loaded = record;
    this.#stamp = stampOf(this.#record);
  }

  #current(): Record | undefined {
    const stamp = stampOf(this.#record);
    if (this.#loaded === undefined || stamp !== this.#stamp) {
      this.#loaded = loadRecord(this.#record);
      this.#stamp = stamp;
    }
    return this.#loaded;
  }

  #adopt(record: Record): void {
    // A rename needs no room on a disk that is full by now.
    if (this.#laid === record) renameSync(this.#next, this.#record);
    else record.save(this.#record);
    this.#laid = undefined;
    rmSync(this.#next, { force: true });
    this.#loaded = record;
    this.#stamp = stampOf(this.#record);
  }
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch {
    return '';
  }
}

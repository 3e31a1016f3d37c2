// The record of our configuration: blocks, confirmed members, installed files. Written whole at a reload; a change through
// the socket only appends to it. Draft until committed, so that what HAProxy refuses leaves no trace.
import { readFileSync } from 'node:fs';
import type { Item } from '../../model/item.ts';
import type { Block } from './record-types.ts';
import { appendTo, replaceFile } from './run-files.ts';

type Line =
  | { readonly generation: string }
  | { readonly block: Omit<Block, 'lists'> & Partial<Pick<Block, 'lists'>> }
  | { readonly member: Item }
  | { readonly gone: string; readonly parent: string }
  | { readonly file: string; readonly digest: string };

export class Record {
  generation = '';
  readonly blocks: Map<string, Block>;
  readonly files: Map<string, string>;
  readonly #members: Map<string, Map<string, Item>>;
  readonly #stamps: Map<string, number>;

  constructor(from?: Record) {
    this.blocks = new Map(from?.blocks);
    this.files = new Map(from?.files);
    this.#members = new Map(
      from === undefined ? [] : [...from.#members].map(([key, map]) => [key, new Map(map)]),
    );
    this.#stamps = new Map(from === undefined ? [] : from.#stamps);
    this.generation = from?.generation ?? '';
  }

  members(container: string): ReadonlyMap<string, Item> {
    return this.#members.get(container) ?? NONE;
  }

  /** Another number for each state the members of a container were in, in whatever record. */
  stamp(container: string): number {
    return this.#stamps.get(container) ?? 0;
  }

  putMember(member: Item): void {
    const container = member.parent ?? '';
    this.#stamps.set(container, ++lastStamp);
    this.#awaitNoMore(container, member.key);
    const known = this.#members.get(container);
    if (known === undefined) this.#members.set(container, new Map([[member.key, member]]));
    else known.set(member.key, member);
  }

  dropMember(key: string, container: string): void {
    this.#stamps.set(container, ++lastStamp);
    this.#awaitNoMore(container, key);
    this.#members.get(container)?.delete(key);
  }

  /** A round is over: members whose own step never came must not come back with the next reload. */
  forgetWaiting(): void {
    for (const [key, block] of this.blocks)
      if (block.firstMembers.length > 0) this.blocks.set(key, { ...block, firstMembers: [] });
  }

  #awaitNoMore(container: string, key: string): void {
    const block = this.blocks.get(container);
    if (block === undefined || !block.firstMembers.some((member) => member.key === key)) return;
    const firstMembers = block.firstMembers.filter((member) => member.key !== key);
    this.blocks.set(container, { ...block, firstMembers });
  }

  /** A listener goes with its pools, a container with its members. */
  dropBlock(key: string): void {
    for (const [name, block] of this.blocks) if (block.item.parent === key) this.dropBlock(name);
    this.blocks.delete(key);
    this.#members.delete(key);
    this.#stamps.set(key, ++lastStamp);
  }

  /** Confirmed members, and those that came with the block and wait for their own step. */
  membersToWrite(block: Block): readonly Item[] {
    const confirmed = this.members(block.item.key);
    if (block.firstMembers.length === 0) return [...confirmed.values()];
    const waiting = block.firstMembers.filter((member) => !confirmed.has(member.key));
    return [...confirmed.values(), ...waiting];
  }

  save(path: string): void {
    const lines: Line[] = [{ generation: this.generation }];
    for (const block of this.blocks.values()) lines.push({ block });
    for (const members of this.#members.values())
      for (const member of members.values()) lines.push({ member });
    for (const [file, digest] of this.files) lines.push({ file, digest });
    replaceFile(path, toText(lines));
  }
}

let lastStamp = 0;

const NONE: ReadonlyMap<string, Item> = new Map();

export function appendMembers(path: string, put: readonly Item[], gone: readonly Item[]): void {
  const lines: Line[] = [
    ...put.map((member) => ({ member })),
    ...gone.map(({ key, parent = '' }) => ({ gone: key, parent })),
  ];
  appendTo(path, toText(lines));
}

export function appendFileDigest(path: string, file: string, digest: string): void {
  appendTo(path, toText([{ file, digest }]));
}

/**
 * Undefined where there is none. A torn line is left out: the last of a crash, or one that found no room with what was
 * appended to it later. What it said is missing then, and the next round finds the difference.
 */
export function loadRecord(path: string): Record | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const record = new Record();
  for (const line of text.split('\n').slice(0, -1)) {
    const said = readLine(line);
    if (said === undefined) continue;
    if ('generation' in said) record.generation = said.generation;
    else if ('block' in said)
      record.blocks.set(said.block.item.key, { ...said.block, lists: said.block.lists ?? [] });
    else if ('member' in said) record.putMember(said.member);
    else if ('gone' in said) record.dropMember(said.gone, said.parent);
    else if (said.digest === '') record.files.delete(said.file);
    else record.files.set(said.file, said.digest);
  }
  return record;
}

function readLine(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

function toText(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

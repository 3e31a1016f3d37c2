// The body of an HTTP/1 answer, gathered as it comes and no further than a limit.
import { type Framing, NoHttp, shown } from './head.ts';

/** A line with the size of a chunk and what is said beside it. */
const MAX_SIZE_LINE = 4096;
const SIZE = /^([0-9A-Fa-f]{1,13})[\t ]*(?:;.*)?$/;
const FIRST_ROOM = 4096;

type Part = 'size' | 'data' | 'after-data' | 'trailer';

export class BodyReader {
  readonly #framing: Framing;
  readonly #limit: number;
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left: number;
  #part: Part = 'size';
  #line = '';
  #trailer = 0;
  #room = Buffer.alloc(0);
  #size = 0;
  #cut = false;
  #done: boolean;

  constructor(framing: Framing, limit: number) {
    this.#framing = framing;
    this.#limit = limit;
    this.#left = framing.kind === 'length' ? framing.bytes : 0;
    this.#done = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0);
  }

  /** Nothing more is wanted: it is whole, or cut at the limit. */
  get done(): boolean {
    return this.#done || this.#cut;
  }

  /** There was more than the limit. */
  get cut(): boolean {
    return this.#cut;
  }

  body(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  /** Throws NoHttp where a chunk has no size. */
  take(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.done)
      at = this.#framing.kind === 'chunked' ? this.#takeChunked(bytes, at) : this.#takePlain(bytes, at);
  }

  /** The connection ended; true when the body is whole by that. */
  end(): boolean {
    if (this.#framing.kind === 'close') this.#done = true;
    return this.done;
  }

  #takePlain(bytes: Buffer, from: number): number {
    if (this.#framing.kind === 'close') {
      this.#keep(bytes, from, bytes.length);
      return bytes.length;
    }
    const to = this.#takeLeft(bytes, from);
    this.#done = this.#left === 0;
    return to;
  }

  #takeChunked(bytes: Buffer, from: number): number {
    if (this.#part === 'data') {
      const to = this.#takeLeft(bytes, from);
      if (this.#left === 0) this.#part = 'after-data';
      return to;
    }
    const end = bytes.indexOf(10, from);
    const to = end === -1 ? bytes.length : end;
    if (this.#line.length + to - from > MAX_SIZE_LINE) throw new NoHttp('a chunk has no end of its size');
    this.#line += bytes.toString('latin1', from, to);
    if (end === -1) return bytes.length;
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#takeLine(line);
    return end + 1;
  }

  #takeLine(line: string): void {
    if (this.#part === 'trailer') {
      this.#trailer += line.length;
      if (this.#trailer > MAX_SIZE_LINE) throw new NoHttp('its trailer has no end');
      this.#done = line === '';
      return;
    }
    if (this.#part === 'after-data') {
      if (line !== '') throw new NoHttp(`a chunk goes on with "${shown(line)}" after its end`);
      this.#part = 'size';
      return;
    }
    const size = SIZE.exec(line);
    if (size === null) throw new NoHttp(`a chunk has the size "${shown(line)}"`);
    this.#left = Number.parseInt(size[1]!, 16);
    this.#part = this.#left === 0 ? 'trailer' : 'data';
  }

  #takeLeft(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#left);
    this.#left -= to - from;
    this.#keep(bytes, from, to);
    return to;
  }

  /** One room that grows: a body in chunks of a byte must not become a million objects. */
  #keep(bytes: Buffer, from: number, to: number): void {
    const kept = Math.min(to - from, this.#limit - this.#size);
    if (kept < to - from) this.#cut = true;
    const needed = this.#size + kept;
    if (needed > this.#room.length) {
      const roomier = Buffer.alloc(
        Math.min(this.#limit, Math.max(FIRST_ROOM, needed, this.#room.length * 2)),
      );
      this.#room.copy(roomier, 0, 0, this.#size);
      this.#room = roomier;
    }
    bytes.copy(this.#room, this.#size, from, from + kept);
    this.#size = needed;
  }
}

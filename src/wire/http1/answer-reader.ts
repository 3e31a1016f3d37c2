// Reads one HTTP/1 answer as its bytes come: the head, past interim ones, then the body where anybody wants it.
import { BodyReader } from './body.ts';
import { decodeHead, MAX_HEAD_BYTES, NoHttp, refuseOther } from './head.ts';

export interface Http1Answer {
  readonly code: number;
  readonly body: Buffer;
  /** The body was longer than what was read, or was not read. */
  readonly cut: boolean;
}

export interface ReadOptions {
  readonly method: string;
  /** Bytes of the body that are kept; 0 reads the head only. */
  readonly maxBodyBytes: number;
}

const SWITCHING_PROTOCOLS = 101;
const EMPTY_LINE = /\r?\n\r?\n/g;

export class AnswerReader {
  readonly #options: ReadOptions;
  #head = '';
  /** Of all heads so far. */
  #headBytes = 0;
  #code = 0;
  #body: BodyReader | undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  /** The answer once it is there. Throws NoHttp. */
  take(bytes: Buffer): Http1Answer | undefined {
    let rest: Buffer | undefined = bytes;
    while (this.#body === undefined && rest !== undefined) rest = this.#takeHead(rest);
    if (this.#body === undefined) return undefined;
    if (this.#options.maxBodyBytes === 0) return { code: this.#code, body: Buffer.alloc(0), cut: true };
    if (rest !== undefined) this.#body.take(rest);
    return this.#body.done ? this.#answer(this.#body) : undefined;
  }

  /** The connection ended: the answer, if it is whole by that, or what part of it is missing. */
  end(): Http1Answer | 'nothing' | 'head' | 'body' {
    if (this.#body === undefined) return this.#headBytes === 0 ? 'nothing' : 'head';
    return this.#body.end() ? this.#answer(this.#body) : 'body';
  }

  #answer(body: BodyReader): Http1Answer {
    return { code: this.#code, body: body.body(), cut: body.cut };
  }

  /** What follows the head; undefined while it has no end. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const before = this.#head.length;
    // No more of a flood than could be a head.
    const text = this.#head + bytes.toString('latin1', 0, MAX_HEAD_BYTES + 4);
    refuseOther(text);
    // The empty line may have begun in what came before.
    EMPTY_LINE.lastIndex = Math.max(0, before - 3);
    const end = EMPTY_LINE.exec(text) === null ? undefined : EMPTY_LINE.lastIndex;
    this.#headBytes += (end ?? text.length) - before;
    if (this.#headBytes > MAX_HEAD_BYTES)
      throw new NoHttp(`its headers are longer than ${MAX_HEAD_BYTES} bytes`);
    if (end === undefined) {
      this.#head = text;
      return undefined;
    }
    const { code, framing } = decodeHead(text.slice(0, end), this.#options.method);
    this.#head = '';
    // RFC 9110 15.2: another answer follows, unless the connection now speaks something else.
    if (code >= 200 || code === SWITCHING_PROTOCOLS) {
      this.#code = code;
      this.#body = new BodyReader(framing, this.#options.maxBodyBytes);
    }
    const rest = bytes.subarray(end - before);
    return rest.length === 0 ? undefined : rest;
  }
}

// The head of an HTTP/1 answer (RFC 9112 4-5): its code and what says how long the body is.

/** Status line and headers together, interim answers (1xx) included: what is longer is no answer to a question of ours. */
export const MAX_HEAD_BYTES = 32 * 1024;

/** How the end of the body is told (RFC 9112 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Until the connection ends. */
  | { readonly kind: 'close' };

export interface AnswerHead {
  readonly code: number;
  readonly framing: Framing;
}

/** What is not HTTP, in words: `it begins with "SSH-2.0"`. */
export class NoHttp extends Error {}

const BEGINNING = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?\r?\n/;
/** No blank before the colon and no line that goes on in the next one: both are ways to be read in two ways. */
const FIELD = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n/y;
const LENGTH = /^\d{1,15}$/;
const SHOWN = 40;

/** Throws NoHttp as soon as the text cannot become an answer, so that nobody waits for more of it. */
export function refuseOther(text: string): void {
  if (!text.startsWith(BEGINNING.slice(0, text.length))) throw new NoHttp(`it begins with "${shown(text)}"`);
}

/** `text` ends with the empty line. Throws NoHttp. */
export function decodeHead(text: string, method: string): AnswerHead {
  const status = STATUS_LINE.exec(text);
  if (status === null) throw new NoHttp(`it begins with "${shown(text)}"`);
  const code = Number(status[1]);
  const fields = framingFields(text, status[0].length);
  return { code, framing: framingOf(code, method, fields) };
}

interface FramingFields {
  readonly length?: string;
  readonly coding?: string;
}

function framingFields(text: string, from: number): FramingFields {
  let length: string | undefined;
  let coding: string | undefined;
  FIELD.lastIndex = from;
  let at = from;
  for (let field = FIELD.exec(text); field !== null; field = FIELD.exec(text)) {
    at = FIELD.lastIndex;
    const name = field[1]!;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      const told = field[2]!.trim();
      if (!LENGTH.test(told)) throw new NoHttp(`its Content-Length is "${shown(told)}"`);
      if (length !== undefined && Number(length) !== Number(told))
        throw new NoHttp(`it has two lengths, ${length} and ${told}`);
      length = told;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding')
      coding = coding === undefined ? field[2]! : `${coding},${field[2]!}`;
  }
  if (!/^\r?\n$/.test(text.slice(at))) throw new NoHttp(`it has the header line "${shown(text.slice(at))}"`);
  return { ...(length === undefined ? {} : { length }), ...(coding === undefined ? {} : { coding }) };
}

function framingOf(code: number, method: string, { length, coding }: FramingFields): Framing {
  if (method === 'HEAD' || code < 200 || code === 204 || code === 304) return { kind: 'none' };
  if (coding !== undefined)
    return { kind: coding.split(',').at(-1)!.trim().toLowerCase() === 'chunked' ? 'chunked' : 'close' };
  return length === undefined ? { kind: 'close' } : { kind: 'length', bytes: Number(length) };
}

/** The first characters, up to the end of their line, that a terminal can show. */
export function shown(text: string): string {
  const [line = ''] = text.slice(0, SHOWN).split(/[\r\n]/, 1);
  return line.replace(/[^\x20-\x7e]/g, '.');
}

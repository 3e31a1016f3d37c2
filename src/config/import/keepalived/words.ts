// The lexical rules of keepalived.conf: comments, quotes, escapes and braces of one line.

/** Cuts `!` and `#` comments that stand outside double quotes; a backslash shields the next character. */
export function stripComment(line: string): string {
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (c === '\\') i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === '!' || c === '#')) return line.slice(0, i).trim();
  }
  return line.trim();
}

/** The words of an ordinary directive: only double quotes count, and only at the start of a word. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let i = 0;
  while (i < text.length) {
    if (isBlank(text[i])) {
      i++;
    } else if (text[i] === '"') {
      const end = text.indexOf('"', i + 1);
      words.push(text.slice(i + 1, end < 0 ? text.length : end));
      i = end < 0 ? text.length : end + 1;
    } else {
      const start = i;
      while (i < text.length && !isBlank(text[i]) && text[i] !== '"') i++;
      words.push(text.slice(start, i));
    }
  }
  return words;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The words of a script line or pattern: both quotes anywhere in a word, and escapes as in a shell's `$'...'`. */
export function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; ) {
    const c = text.charAt(i);
    if (c === '\\') {
      const escaped = readEscape(text, i + 1);
      word = (word ?? '') + escaped.value;
      i = escaped.next;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else word = (word ?? '') + c;
      i++;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
      i++;
    } else if (isBlank(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      i++;
    } else {
      word = (word ?? '') + c;
      i++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function readEscape(text: string, at: number): { value: string; next: number } {
  const hex = /^x([0-9a-fA-F]+)/.exec(text.slice(at, at + 12));
  if (hex !== null)
    return {
      value: String.fromCharCode(Number.parseInt(hex[1]!.slice(-2), 16)),
      next: at + 1 + hex[1]!.length,
    };
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3));
  if (octal !== null)
    return {
      value: String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff),
      next: at + octal[0].length,
    };
  const c = text.charAt(at);
  if (c === 'c' && at + 1 < text.length)
    return { value: String.fromCharCode(text.charCodeAt(at + 1) & 0x1f), next: at + 2 };
  return { value: ESCAPES[c] ?? c, next: at + 1 };
}

/** A line cut at its braces: `real_server 10.0.0.1 80{ weight 1 }` is five pieces. `${NAME}` and quotes are left whole. */
export function splitBraces(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  const flush = (end: number) => {
    const piece = text.slice(start, end).trim();
    if (piece !== '') pieces.push(piece);
  };
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\') {
      i++;
    } else if (c === '"' || c === "'") {
      const end = text.indexOf(c, i + 1);
      if (end > 0) i = end;
    } else if (c === '$' && text[i + 1] === '{') {
      const end = text.indexOf('}', i);
      if (end > 0) i = end;
    } else if (c === '{' || c === '}') {
      flush(i);
      pieces.push(c);
      start = i + 1;
    }
  }
  flush(text.length);
  return pieces;
}

function isBlank(c: string | undefined): boolean {
  return c === ' ' || c === '\t' || c === '\r' || c === '\f' || c === '\v';
}

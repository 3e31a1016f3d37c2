// Every syntax error of a text, not only the first: `yaml` goes on after an error, js-yaml stops.
import type { YAMLException } from 'js-yaml';
import { type ErrorCode, parseAllDocuments, type YAMLParseError } from 'yaml';
import type { Finding, Findings } from './findings.ts';
import { YAML_LIMITS } from './limits.ts';

/** Tells why js-yaml refused the text; there is at least one finding afterwards. */
export function reportSyntax(text: string, first: YAMLException, findings: Findings): void {
  const at = first.mark?.position ?? 0;
  if (first.reason.includes('maxDepth')) {
    findings.add(at, {
      rule: 'yaml-depth',
      message: `The file nests lists and maps deeper than ${YAML_LIMITS.depth} levels`,
      hint: 'The language needs eight; look for a missing closing bracket',
    });
    return;
  }
  const isSmall = text.length <= YAML_LIMITS.recoverLength;
  const all = isSmall ? errorsFrom(text, at) : [];
  const lines = new Set<string>();
  for (const error of all) {
    const offset = offsetOf(error, text);
    // A second error on one line nearly always follows from the first.
    const line = findings.lineColumn(offset).split(':')[0]!;
    if (lines.has(line)) continue;
    lines.add(line);
    findings.add(offset, describe(error, text, offset));
  }
  if (findings.all.length > 0) return;
  findings.add(Math.min(at, text.length), {
    rule: isSmall ? 'yaml-ambiguous' : 'yaml-syntax',
    message: `Cannot read the YAML here: ${first.reason}`,
    hint: hintFor(first.reason),
  });
}

/** Reads on behind the first error until enough are found: a text of nothing but errors costs a second a megabyte. */
function errorsFrom(text: string, first: number): readonly YAMLParseError[] {
  for (let reach = 64 * 1024; ; reach *= 4) {
    const cut = first + reach >= text.length ? text.length : text.lastIndexOf('\n', first + reach) + 1;
    const errors = allErrors(text.slice(0, cut));
    if (cut === text.length) return errors;
    // What the cut itself breaks shows at its end.
    const end = text.lastIndexOf('\n', cut - 2);
    const sure = errors.filter((error) => error.pos[0] < end);
    if (sure.length >= YAML_LIMITS.diagnostics) return sure;
  }
}

function allErrors(text: string): readonly YAMLParseError[] {
  try {
    const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
    const errors = Array.isArray(documents) ? documents.flatMap((document) => document.errors) : [];
    return errors.sort((a, b) => a.pos[0] - b.pos[0]);
  } catch (error) {
    // It recurses where js-yaml counts; the first error is all we can tell then.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function offsetOf(error: YAMLParseError, text: string): number {
  const quote = /closing (["'])quote/.exec(error.message)?.[1];
  if (quote !== undefined) return openingQuote(text, error.pos[0], quote);
  const start = lineStart(text, error.pos[0]);
  const tab = /^ *(?=\t)/.exec(text.slice(start, start + 1000));
  return tab === null ? error.pos[0] : start + tab[0].length;
}

/** The library tells where the text ends; people look for where the quote began: the last line with an odd one. */
function openingQuote(text: string, end: number, quote: string): number {
  let stop = end;
  for (let count = 0; count < 1000 && stop > 0; count++) {
    const start = lineStart(text, stop);
    const line = text.slice(start, stop).replaceAll(/\\./g, '  ');
    if (line.split(quote).length % 2 === 0) return start + line.lastIndexOf(quote);
    stop = start - 1;
  }
  return end;
}

function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

function describe(error: YAMLParseError, text: string, offset: number): Finding {
  const isTab = error.code === 'TAB_AS_INDENT' || text[offset] === '\t';
  const known = isTab
    ? KNOWN.TAB_AS_INDENT
    : error.message.includes('and end with a')
      ? NOT_CLOSED
      : KNOWN[error.code];
  const found = text.slice(offset, Math.max(offset, Math.min(error.pos[1], offset + 40))).split(/[\r\n]/)[0]!;
  return {
    rule: isTab ? 'tab-indentation' : 'yaml-syntax',
    message: known?.message ?? `Cannot read the YAML here: ${firstLine(error.message)}`,
    ...(found.trim() === '' ? {} : { value: found }),
    hint: known?.hint ?? hintFor(error.message),
  };
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.slice(0, 200);
}

function hintFor(reason: string): string {
  if (reason.includes('tab character')) return KNOWN.TAB_AS_INDENT!.hint;
  if (reason.includes('indentation')) return KNOWN.BAD_INDENT!.hint;
  if (reason.includes('directive')) return 'A line may not begin with "%"; put text that does in quotes';
  return 'Look at this line and the one before it for a missing quote, colon or bracket';
}

interface Known {
  readonly message: string;
  readonly hint: string;
}

const NOT_CLOSED: Known = {
  message: 'A bracket that was opened before is not closed',
  hint: 'Close it with "]" or "}"; what stands inside is indented deeper than its key',
};

const KNOWN: Partial<Record<ErrorCode, Known>> = {
  TAB_AS_INDENT: {
    message: 'A tab stands in the indentation',
    hint: 'YAML indents with spaces only: put two spaces for every tab',
  },
  BAD_INDENT: {
    message: 'The indentation does not fit the lines above',
    hint: 'Keys of one map begin in the same column',
  },
  BAD_ALIAS: {
    message: 'An alias has no name or no anchor',
    hint: 'Put the value in quotes if it begins with "*" or "&" and is text',
  },
  BAD_SCALAR_START: {
    message: 'A value may not begin with this character',
    hint: 'Put the value in quotes',
  },
  BAD_DQ_ESCAPE: {
    message: 'This is no escape sequence of double quotes',
    hint: 'Use single quotes, or write the backslash twice',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'A second colon stands on this line, or a map begins in the middle of one',
    hint: 'Put a value that holds ": " in quotes, or begin the map on a line of its own',
  },
  BLOCK_IN_FLOW: {
    message: 'A block may not stand inside [ ] or { }',
    hint: 'Close the bracket, or write the whole value without brackets',
  },
  KEY_OVER_1024_CHARS: {
    message: 'A key is longer than 1024 characters',
    hint: 'Look for a missing quote or bracket before',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'A key goes over several lines, or a colon is missing',
    hint: 'Write "key: value"; put longer text in quotes',
  },
  UNEXPECTED_TOKEN: {
    message: 'This does not belong here',
    hint: 'Look for a missing quote, bracket or line break before',
  },
  MISSING_CHAR: {
    message: 'A closing quote or bracket, or a space or comma, is missing',
    hint: 'Look at what was opened on this line or before',
  },
  MULTIPLE_ANCHORS: { message: 'A value has two anchors', hint: 'Remove one of them' },
  MULTIPLE_TAGS: { message: 'A value has two tags', hint: 'Remove one of them' },
  TAG_RESOLVE_FAILED: { message: 'This tag has no meaning here', hint: 'Remove the tag' },
};

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
  const all = text.length <= YAML_LIMITS.recoverLength ? allErrors(text) : [];
  const lines = new Set<string>();
  for (const error of all) {
    // A second error on one line nearly always follows from the first.
    const line = findings.lineColumn(error.pos[0]).split(':')[0]!;
    if (lines.has(line)) continue;
    lines.add(line);
    findings.add(error.pos[0], describe(error, text));
  }
  if (findings.all.length > 0) return;
  findings.add(Math.min(at, text.length), {
    rule: all.length === 0 && text.length <= YAML_LIMITS.recoverLength ? 'yaml-ambiguous' : 'yaml-syntax',
    message: `Cannot read the YAML here: ${first.reason}`,
    ...hintFor(first.reason),
  });
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

function describe(error: YAMLParseError, text: string): Finding {
  const known = error.message.includes('and end with a') ? NOT_CLOSED : KNOWN[error.code];
  const message = known?.message ?? `Cannot read the YAML here: ${firstLine(error.message)}`;
  const found = text.slice(error.pos[0], Math.min(error.pos[1], error.pos[0] + 40)).split(/[\r\n]/)[0]!;
  const isTab = error.code === 'TAB_AS_INDENT' || /^[ ]*\t/.test(lineBefore(text, error.pos[0]));
  return {
    rule: isTab ? 'tab-indentation' : 'yaml-syntax',
    message: isTab ? KNOWN.TAB_AS_INDENT!.message : message,
    ...(found.trim() === '' ? {} : { value: found }),
    ...(isTab ? { hint: KNOWN.TAB_AS_INDENT!.hint } : known ? { hint: known.hint } : hintFor(error.message)),
  };
}

/** The line up to and including the character at `offset`. */
function lineBefore(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return text.slice(start, offset + 1);
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.slice(0, 200);
}

function hintFor(reason: string): { hint?: string } {
  if (reason.includes('tab character')) return { hint: KNOWN.TAB_AS_INDENT!.hint };
  if (reason.includes('indentation')) return { hint: KNOWN.BAD_INDENT!.hint };
  return {};
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

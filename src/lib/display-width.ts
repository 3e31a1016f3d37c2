// How much room text takes on a terminal, and a spelling of it that cannot move the cursor.

/** One visible unit of a text: what to print and how many columns it fills. */
export interface Cell {
  readonly text: string;
  readonly width: number;
  /** UTF-16 offset in the original. */
  readonly offset: number;
}

const TAB_STOP = 4;
// Controls of C0 and C1, and what reorders or hides text on screen (bidirectional marks, zero width, line separators).
const UNSAFE = /[\p{Cc}\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\p{Surrogate}]/u;
const ZERO_WIDTH = /\p{Mark}/u;
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF01-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** Tabs become spaces up to the next stop, unsafe characters their escape. */
export function toCells(text: string): Cell[] {
  const cells: Cell[] = [];
  let offset = 0;
  let column = 0;
  for (const character of text) {
    const cell = toCell(character, column, offset);
    cells.push(cell);
    column += cell.width;
    offset += character.length;
  }
  return cells;
}

function toCell(character: string, column: number, offset: number): Cell {
  if (character === '\t') {
    const width = TAB_STOP - (column % TAB_STOP);
    return { text: ' '.repeat(width), width, offset };
  }
  // Nearly everything is plain ASCII.
  if (character >= ' ' && character <= '~') return { text: character, width: 1, offset };
  if (UNSAFE.test(character)) {
    const text = escapeOf(character);
    return { text, width: text.length, offset };
  }
  if (ZERO_WIDTH.test(character)) return { text: character, width: 0, offset };
  return { text: character, width: WIDE.test(character) ? 2 : 1, offset };
}

/** Safe to print: controls are spelt out, line breaks and tabs too. */
export function escapeControls(text: string): string {
  let safe = '';
  for (const character of text) safe += UNSAFE.test(character) ? escapeOf(character) : character;
  return safe;
}

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0)!.toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}

export function displayWidth(text: string): number {
  return toCells(text).reduce((total, cell) => total + cell.width, 0);
}

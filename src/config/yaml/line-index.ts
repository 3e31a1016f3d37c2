// Offsets of a text to line and column and back to the line's text; the line starts are found once.
import type { Place } from '../../model/diagnostic.ts';
import { hideSecrets } from '../diagnostics/hide-secrets.ts';
import { hideValues } from './hide-values.ts';

export class LineIndex {
  readonly #file: string;
  readonly #text: string;
  #starts: readonly number[] | undefined;
  /** The text as it may be shown: as long as the text, line by line. */
  #hidden: string | undefined;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  /** Lines and columns from 1; columns count UTF-16 units, as editors do. */
  placeOf(offset: number): Place {
    const starts = this.#lineStarts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.#file, line: low + 1, column: offset - starts[low]! + 1 };
  }

  /** A line as it may be shown: secrets in it are blotted out. */
  excerpt(line: number): string {
    this.#hidden ??= hideValues(this.#text);
    // Where the text is no YAML by what stands in the line.
    return hideSecrets(this.#lineOf(this.#hidden, line));
  }

  /** Text of a line without its end; empty where there is no such line. */
  lineText(line: number): string {
    return this.#lineOf(this.#text, line);
  }

  #lineOf(text: string, line: number): string {
    const starts = this.#lineStarts();
    const start = starts[line - 1];
    if (start === undefined) return '';
    return text.slice(start, starts[line] ?? text.length).replace(/[\r\n]+$/, '');
  }

  #lineStarts(): readonly number[] {
    if (this.#starts !== undefined) return this.#starts;
    const starts = [0];
    // A lone carriage return ends a line too (YAML 1.2.2, 5.4).
    for (const end of this.#text.matchAll(/\r\n?|\n/g)) starts.push(end.index + end[0].length);
    this.#starts = starts;
    return starts;
  }
}

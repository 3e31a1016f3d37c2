// Diagnostics for people: message, place, the line with a caret, what the value was and what to do.
import { escapeControls } from '../../lib/display-width.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { underline } from './excerpt.ts';
import { sortDiagnostics, summarize } from './sort-diagnostics.ts';

export interface RenderOptions {
  readonly colour: boolean;
  /** Columns of the screen. */
  readonly width: number;
  /** More than this many are counted, not shown. */
  readonly limit?: number;
}

/** Nobody reads more at once, and the next run shows the next ones. */
const DEFAULT_LIMIT = 50;
const CODES = { bold: '1', error: '1;31', warning: '1;33', frame: '1;34' } as const;

type Paint = (style: keyof typeof CODES, text: string) => string;

/** Ends with the summary line; empty for no diagnostics. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  if (diagnostics.length === 0) return '';
  const paint: Paint = options.colour
    ? (style, text) => `\x1b[${CODES[style]}m${text}\x1b[0m`
    : (_, text) => text;
  const shown = choose(diagnostics, options.limit ?? DEFAULT_LIMIT);
  const gutter = shown.reduce((most, { place }) => Math.max(most, String(place?.line ?? 0).length), 1);
  const blocks = shown.map((diagnostic) => renderOne(diagnostic, gutter, options.width, paint));
  const more = diagnostics.length - shown.length;
  const tail = more > 0 ? `${more} more\n` : '';
  return `${blocks.join('\n')}\n${tail}${paint('bold', summarize(diagnostics))}\n`;
}

/** When not all fit, errors go before warnings; what is chosen stands in the order of the files. */
function choose(diagnostics: readonly Diagnostic[], limit: number): Diagnostic[] {
  const sorted = sortDiagnostics(diagnostics);
  if (sorted.length <= limit) return sorted;
  const errors = sorted.filter((diagnostic) => diagnostic.severity === 'error');
  const warnings = sorted.filter((diagnostic) => diagnostic.severity !== 'error');
  return sortDiagnostics([...errors, ...warnings].slice(0, limit));
}

function renderOne(diagnostic: Diagnostic, gutter: number, width: number, paint: Paint): string {
  const { severity, rule, message, place, excerpt } = diagnostic;
  const bar = paint('frame', `${' '.repeat(gutter)} |`);
  const lines = [
    `${paint(severity, `${severity}[${rule}]`)}${paint('bold', `: ${escapeControls(message)}`)}`,
  ];
  if (place !== undefined) {
    const at = place.line === 0 ? '' : `:${place.line}:${place.column}`;
    lines.push(`${paint('frame', `${' '.repeat(gutter)}-->`)} ${escapeControls(place.file)}${at}`);
  }
  if (place !== undefined && place.line > 0 && excerpt !== undefined) {
    const { line, carets } = underline(excerpt, place.column, width - gutter - 3);
    lines.push(
      bar,
      `${paint('frame', `${String(place.line).padStart(gutter)} |`)} ${line}`.trimEnd(),
      `${bar} ${paint(severity, carets)}`,
    );
  }
  const notes = notesOf(diagnostic);
  if (notes.length > 0 && place !== undefined && excerpt !== undefined) lines.push(bar);
  for (const [name, text] of notes) {
    lines.push(
      `${' '.repeat(gutter)} ${paint('frame', '=')} ${paint('bold', name)}: ${escapeControls(text)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function notesOf({ path, value, hint }: Diagnostic): (readonly [string, string])[] {
  return [
    ...(path === '' ? [] : [['path', path] as const]),
    ...(value === undefined ? [] : [['value', value] as const]),
    ...(hint === undefined ? [] : [['hint', hint] as const]),
  ];
}

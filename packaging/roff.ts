// Text as roff reads it back unchanged: nothing of it is a request or an escape.

/** One line's worth of plain text. */
export function roffText(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga');
  // At the start of a line these two are requests.
  return /^[.]/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Lines of a paragraph; where it has blank lines, paragraphs. */
export function paragraph(text: string): string[] {
  const parts = text.split(/\n\s*\n/).map((part) => roffText(part.replaceAll(/\s+/g, ' ').trim()));
  return parts.flatMap((part, at) => (at === 0 ? [part] : ['.PP', part]));
}

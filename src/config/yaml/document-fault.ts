// A configuration file holds one document and something in it.
import { EVENT_ID, type Event } from 'js-yaml';
import type { Source } from '../source.ts';
import type { Finding } from './findings.ts';

export function documentFault(
  text: string,
  events: readonly Event[],
  role: Source['role'],
): (Finding & { readonly offset: number }) | undefined {
  const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT);
  const [first, second] = documents;
  if (second !== undefined) {
    return {
      offset: offsetOfSecond(text, events, second),
      rule: 'several-documents',
      message: 'A second document begins here',
      hint: 'Remove the "---" line, or put the second part into a file of its own',
    };
  }
  // The mark of an end, and something behind it.
  const end = /^\.\.\.(?=\s|$)(?=(?:[^\n]*\n)(?:\s|#[^\n]*(?:\n|$))*[^\s#])/m.exec(text);
  if (end !== null) {
    return {
      offset: end.index,
      rule: 'several-documents',
      message: 'The document ends here, but the file goes on',
      hint: 'Remove the "..." line',
    };
  }
  const directive = first?.directives.find((each) => each.kind === 'tag' || each.version !== '1.2');
  if (directive !== undefined) {
    return {
      offset: Math.max(0, text.search(directive.kind === 'tag' ? /^%TAG/m : /^%YAML/m)),
      rule: 'yaml-directive',
      message: directive.kind === 'tag' ? '%TAG has no meaning here' : 'Only YAML 1.2 is read',
      hint: 'Remove the line',
    };
  }
  const content = events.find((event) => contentStart(event) >= 0);
  const head = text.slice(0, content === undefined ? text.length : contentStart(content));
  if (first?.explicitStart === true && !/^---(?=\s|$)/m.test(head)) {
    return {
      offset: Math.max(0, head.indexOf('---')),
      rule: 'yaml-ambiguous',
      message: 'The mark of a document is indented',
      hint: 'Remove the "---" line',
    };
  }
  return isEmpty(events) ? emptyFile(role) : undefined;
}

function isEmpty(events: readonly Event[]): boolean {
  return events.every(
    (event) =>
      event.type === EVENT_ID.DOCUMENT ||
      event.type === EVENT_ID.POP ||
      (event.type === EVENT_ID.SCALAR &&
        event.valueStart === -1 &&
        event.tagStart === -1 &&
        event.style === 1),
  );
}

function emptyFile(role: Source['role']): Finding & { offset: number } {
  return {
    offset: 0,
    rule: 'empty-file',
    severity: role === 'main' ? 'error' : 'warning',
    message: role === 'main' ? 'The file is empty, so it configures nothing' : 'The file is empty',
    hint: role === 'main' ? 'Begin with "listeners:"; see examples/' : 'Remove it, or fill it',
  };
}

/** The last `---` or `...` before the second document's content; a document event has no place of its own. */
function offsetOfSecond(text: string, events: readonly Event[], second: Event): number {
  const content = events.slice(events.indexOf(second) + 1).find((event) => contentStart(event) >= 0);
  const end = content === undefined ? text.length : contentStart(content);
  let offset = 0;
  for (const marker of text.slice(0, end).matchAll(/^(?:---|\.\.\.)(?=\s|$)/gm)) offset = marker.index;
  return offset;
}

function contentStart(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : -1;
}

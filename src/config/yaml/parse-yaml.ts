// One YAML text to a plain value that can say where each part stood; every fault of its syntax is a diagnostic.
import { type Event, parseEvents, YAMLException } from 'js-yaml';
import { hasErrors } from '../../model/diagnostic.ts';
import type { ParsedFile, ParseResult, Source } from '../source.ts';
import { Composer } from './compose.ts';
import { documentFault } from './document-fault.ts';
import { entryOffsets } from './entry-offsets.ts';
import { Findings } from './findings.ts';
import { YAML_LIMITS } from './limits.ts';
import { LineIndex } from './line-index.ts';
import { Places } from './places.ts';
import { reportSyntax } from './syntax-errors.ts';
import { textFault } from './text-fault.ts';

/** js-yaml counts more levels than we do; ours is the bound people meet, this one protects the stack. */
const PARSER_DEPTH = 4 * YAML_LIMITS.depth;

export function parseYaml(source: Source): ParseResult {
  // Editors of other systems put a mark at the beginning.
  const text = source.text.startsWith('\uFEFF') ? source.text.slice(1) : source.text;
  const lines = new LineIndex(source.file, text);
  const findings = new Findings(lines);
  const failed = (): ParseResult => ({ ok: false, diagnostics: findings.all });

  const fault = textFault(text);
  if (fault !== undefined) {
    findings.add(fault.offset, fault);
    return failed();
  }
  const events = eventsOf(text, findings);
  if (events === undefined) return failed();
  const notOne = documentFault(text, events, source.role);
  if (notOne !== undefined) {
    findings.add(notOne.offset, notOne);
    if (notOne.severity !== 'warning') return failed();
    return { ok: true, file: fileOf(source, text, lines, {}, []), warnings: findings.all };
  }
  const made = new Composer(text, findings, false).compose(events);
  if (made === undefined || hasErrors(findings.all)) return failed();
  if (typeof made.value !== 'object' || made.value === null || Array.isArray(made.value)) {
    findings.add(0, {
      rule: 'not-a-mapping',
      message: `The file must hold keys with values: it holds ${Array.isArray(made.value) ? 'a list' : 'one value'}`,
      hint: 'Put the content below a key such as "listeners:"',
    });
    return failed();
  }
  return { ok: true, file: fileOf(source, text, lines, made.value, events), warnings: findings.all };
}

function fileOf(
  source: Source,
  text: string,
  lines: LineIndex,
  value: unknown,
  events: readonly Event[],
): ParsedFile {
  const places = new Places(text, lines, entryOffsets(text, events));
  return {
    source,
    value,
    locate: (path, what) => places.locate(path, what),
    excerpt: (line) => lines.excerpt(line),
  };
}

function eventsOf(text: string, findings: Findings): readonly Event[] | undefined {
  try {
    return parseEvents(text, { maxDepth: PARSER_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    reportSyntax(text, error, findings);
    return undefined;
  }
}

// Text to plain lines: includes, conditions, variables, sequence and list blocks, all within a budget.
import type { Ledger, Origin } from './ledger.ts';
import { readLoop } from './loop.ts';
import { stripComment } from './words.ts';

export interface IncludedText {
  readonly file: string;
  readonly text: string;
}

export interface ExpandInput {
  readonly file: string;
  readonly text: string;
  readonly configId: string;
  /** Files a pattern names, seen from the file that includes; throws or gives none where nothing can be read. */
  readInclude(pattern: string, fromFile: string): readonly IncludedText[];
}

/**
 * What a file may grow to. Sequence blocks and variables are a programming language: without a budget it can run for ever.
 * `expanded` counts lines that stand in no file; the manual's own largest example makes 65,024 instances, which no IPVS
 * host carries.
 */
export const BUDGET = {
  expanded: 30_000,
  lines: 500_000,
  characters: 32_000_000,
  lineLength: 16_384,
  files: 500,
};

interface Frame {
  readonly file: string;
  /** Line number of the first text; texts of an expansion all stand on the line that asked for it. */
  readonly fixedLine?: number;
  readonly texts: readonly string[];
  next: number;
  /** Set for the frame of a whole file: leaving it ends the file. */
  readonly opens?: string;
  /** Called before each pass over `texts`; false ends the loop. */
  readonly again?: () => boolean;
}

type Value = string | readonly string[];

const DEFINITION = /^\$([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;
const REFERENCE = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=\s|$))/g;

/** Lines without comments and with nothing left to expand, each with where it came from. */
export function expandLines(input: ExpandInput, ledger: Ledger): readonly Origin[] {
  const out: Origin[] = [];
  const values = new Map<string, Value>([
    ['_PWD', directoryOf(input.file)],
    ['_INSTANCE', input.configId],
    ['_HASH', '#'],
    ['_BANG', '!'],
  ]);
  const stack: Frame[] = [fileFrame(input)];
  const open = new Set<string>([input.file]);
  let files = 1;
  let lines = 0;
  let expanded = 0;
  let characters = 0;

  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    if (frame.next === 0 && frame.again !== undefined && !frame.again()) {
      stack.pop();
      continue;
    }
    const text = frame.texts[frame.next];
    if (text === undefined) {
      if (frame.again !== undefined && frame.texts.length > 0) {
        frame.next = 0;
      } else {
        stack.pop();
        if (frame.opens !== undefined) open.delete(frame.opens);
        const outer = stack.findLast((other) => other.opens !== undefined);
        values.set('_PWD', directoryOf(outer?.file ?? input.file));
      }
      continue;
    }
    frame.next++;
    const origin: Origin = {
      file: frame.file,
      line: frame.fixedLine ?? frame.next,
      raw: text.trim(),
      indent: text.length - text.trimStart().length,
    };
    lines++;
    if (frame.fixedLine !== undefined) expanded++;
    characters += text.length;
    if (expanded > BUDGET.expanded || lines > BUDGET.lines || characters > BUDGET.characters) {
      ledger.say(
        'error',
        'import-too-large',
        origin,
        `Cannot expand the file further as it grew past ${BUDGET.expanded} lines of its own making, ${BUDGET.lines} lines or ${BUDGET.characters} characters`,
        'Look for a sequence block or a variable that repeats itself',
      );
      break;
    }
    const plain = frame.fixedLine === undefined ? stripComment(text) : text.trim();
    if (plain === '') continue;
    const include = /^include[rmwba]?\s+(\S.*)$/.exec(plain);
    if (include !== null) {
      openIncludes(include[1]!.replace(/^"(.*)"$/, '$1'), origin, plain);
      continue;
    }
    expandOne(plain, origin, frame);
  }
  return out;

  function expandOne(plain: string, origin: Origin, frame: Frame): void {
    let text = plain;
    for (let round = 0; round < 1000; round++) {
      if (text.startsWith('@')) {
        const match = /^@(\^?)(\S*)\s*(.*)$/s.exec(text)!;
        const holds = (match[2] === input.configId) !== (match[1] === '^');
        if (!holds) {
          const why = `the condition @${match[1]}${match[2]} does not hold for config id "${input.configId}"`;
          ledger.mark({ ...origin }, match[3]!.split(/[\s=]/)[0] || text, 'not carried', why);
          return;
        }
        text = match[3]!;
        if (text === '') return;
        continue;
      }
      const definition = DEFINITION.exec(text);
      if (definition !== null) {
        values.set(definition[1]!, readValue(definition[2]!, frame));
        ledger.mark({ ...origin }, `$${definition[1]}`, 'carried', 'its value is written where it is used');
        return;
      }
      if (text.startsWith('~')) {
        const loop = readLoop(text, (part) => substituteAll(part, values));
        if (loop === undefined) {
          ledger.mark({ ...origin }, text.slice(0, 4), 'not carried', 'not a sequence or list block');
          ledger.say(
            'error',
            'import-bad-sequence',
            origin,
            'Cannot read the sequence block as it is malformed',
          );
          return;
        }
        if (loop.turns > BUDGET.expanded) {
          ledger.mark({ ...origin }, text.slice(0, 4), 'not carried', `it repeats ${loop.turns} times`);
          ledger.say(
            'error',
            'import-too-large',
            origin,
            `Cannot repeat a line ${loop.turns} times: the most is ${BUDGET.expanded}`,
          );
          return;
        }
        ledger.mark({ ...origin }, text.slice(0, 4), 'carried', 'written out');
        let turn = 0;
        const again = () => {
          const values_ = loop.at(turn++);
          if (values_ === undefined) return false;
          for (const [name, value] of values_) values.set(name, value);
          return true;
        };
        stack.push({ file: origin.file, fixedLine: origin.line, texts: [loop.rest], next: 0, again });
        return;
      }
      const found = firstReference(text, values);
      if (found === undefined) {
        out.push({ ...origin, raw: text });
        return;
      }
      const before = text.slice(0, found.from);
      const after = text.slice(found.to);
      if (typeof found.value !== 'string') {
        const texts = [...found.value];
        texts[0] = before + (texts[0] ?? '');
        texts[texts.length - 1] += after;
        stack.push({ file: origin.file, fixedLine: origin.line, texts, next: 0 });
        if (stack.length > 200) break;
        return;
      }
      text = (before + found.value + after).trim();
      if (text.length > BUDGET.lineLength) break;
      if (text === '') return;
    }
    ledger.mark({ ...origin }, plain.split(/\s/)[0]!, 'not carried', 'its variables never end');
    ledger.say(
      'error',
      'import-too-large',
      origin,
      'Cannot expand the line as its variables grow without end',
    );
    if (stack.length > 200) stack.length = 0;
  }

  /** A definition that ends in a backslash goes on in the next lines of the same text. */
  function readValue(first: string, frame: Frame): Value {
    if (!first.endsWith('\\')) return first.trim();
    const lines: string[] = [];
    if (first.slice(0, -1).trim() !== '') lines.push(first.slice(0, -1).trim());
    while (frame.next < frame.texts.length) {
      const text = frame.texts[frame.next++]!;
      const plain = frame.fixedLine === undefined ? stripComment(text) : text.trim();
      if (plain === '') continue;
      const more = plain.endsWith('\\');
      const line = (more ? plain.slice(0, -1) : plain).trim();
      if (line !== '') lines.push(line);
      if (frame.fixedLine === undefined)
        ledger.mark(
          { file: frame.file, line: frame.next, raw: text.trim() },
          line.split(/\s/)[0]!,
          'carried',
          'part of a variable',
        );
      if (!more) break;
    }
    return lines.length === 0 ? '' : lines;
  }

  function openIncludes(pattern: string, origin: Origin, plain: string): void {
    const word = plain.split(/\s/)[0]!;
    let found: readonly IncludedText[] = [];
    try {
      found = input.readInclude(pattern, origin.file);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      ledger.mark(origin, word, 'not carried', `cannot be read: ${why}`);
      ledger.say('error', 'import-include', origin, `Cannot include ${pattern}: ${why}`);
      return;
    }
    if (found.length === 0) {
      ledger.mark(origin, word, 'not carried', 'no file matches');
      ledger.say('warning', 'import-include', origin, `Cannot include ${pattern} as no file matches`);
      return;
    }
    ledger.mark(origin, word, 'carried', 'its files are imported here');
    for (const file of found.toReversed()) {
      if (open.has(file.file)) {
        ledger.say(
          'error',
          'import-include-circle',
          origin,
          `Cannot include ${file.file} as it includes itself`,
        );
        ledger.mark(origin, word, 'not carried', `${file.file} includes itself`);
      } else if (++files > BUDGET.files) {
        ledger.say('error', 'import-too-large', origin, `Cannot include more than ${BUDGET.files} files`);
        ledger.mark(origin, word, 'not carried', 'too many files');
        return;
      } else {
        stack.push(fileFrame(file));
        open.add(file.file);
        values.set('_PWD', directoryOf(file.file));
      }
    }
  }
}

function fileFrame(source: IncludedText): Frame {
  const text = source.text.charCodeAt(0) === 0xfeff ? source.text.slice(1) : source.text;
  return { file: source.file, texts: text.split(/\r?\n/), next: 0, opens: source.file };
}

function firstReference(text: string, values: ReadonlyMap<string, Value>) {
  if (!text.includes('$')) return undefined;
  for (const match of text.matchAll(REFERENCE)) {
    const value = values.get(match[1] ?? match[2]!);
    if (value !== undefined) return { from: match.index, to: match.index + match[0].length, value };
  }
  return undefined;
}

function substituteAll(text: string, values: ReadonlyMap<string, Value>): string {
  return text.replace(REFERENCE, (whole, braced: string | undefined, bare: string | undefined) => {
    const value = values.get(braced ?? bare!);
    return typeof value === 'string' ? value : whole;
  });
}

function directoryOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? '.' : slash === 0 ? '/' : file.slice(0, slash);
}

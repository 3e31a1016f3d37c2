// Lines to a tree of directives: words, and a block where braces follow on the same line or the next.
import type { Ledger, Origin } from './ledger.ts';
import { splitBraces, splitWords } from './words.ts';

export interface Directive extends Origin {
  readonly name: string;
  /** Words after the name. */
  readonly args: readonly string[];
  /** What followed in braces; absent where there were none. */
  block?: Directive[];
}

// keepalived itself nests five deep (virtual_server, real_server, HTTP_GET, url).
const DEEPEST = 24;

export function readTree(lines: readonly Origin[], ledger: Ledger): readonly Directive[] {
  const top: Directive[] = [];
  const open: { owner: Directive | undefined; block: Directive[] }[] = [{ owner: undefined, block: top }];
  let last: Directive | undefined;
  for (const line of lines) {
    for (const piece of splitBraces(line.raw)) {
      const here = open[open.length - 1]!;
      if (piece === '{') {
        if (last === undefined) {
          ledger.say(
            'error',
            'import-stray-brace',
            line,
            'Cannot place "{" as no directive stands before it',
          );
          last = directive(line, '{');
          ledger.mark(last, '{', 'not carried', 'no directive stands before it');
          here.block.push(last);
        }
        last.block ??= [];
        if (open.length > DEEPEST) {
          ledger.say('error', 'import-too-deep', line, `Cannot read blocks nested deeper than ${DEEPEST}`);
          return top;
        }
        open.push({ owner: last, block: last.block });
        last = undefined;
      } else if (piece === '}') {
        if (open.length === 1) {
          ledger.say('error', 'import-stray-brace', line, 'Cannot place "}" as no block is open');
          ledger.mark({ ...line }, '}', 'not carried', 'no block is open');
        } else {
          open.pop();
        }
        last = undefined;
      } else {
        last = directive(line, piece);
        here.block.push(last);
      }
    }
  }
  for (const { owner } of open.slice(1)) {
    if (owner !== undefined)
      ledger.say('error', 'import-unclosed-block', owner, `Cannot find the "}" that ends ${owner.name}`);
  }
  return top;
}

function directive(origin: Origin, piece: string): Directive {
  const words = splitWords(piece);
  const indent = (origin.indent ?? 0) + Math.max(0, origin.raw.indexOf(piece));
  const [name = piece, ...args] = words;
  return { file: origin.file, line: origin.line, raw: piece, indent, name, args };
}

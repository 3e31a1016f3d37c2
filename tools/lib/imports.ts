// Finds every import of a TypeScript file by its tokens, so that words in comments, strings and templates do not count.

export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
  readonly how: 'static' | 'type' | 'dynamic' | 're-export';
}

interface Token {
  readonly kind: 'word' | 'string' | 'template' | 'sign' | 'regex';
  readonly text: string;
  readonly line: number;
}

/** All imports: `import ... from`, `import 'x'`, `import type`, `export ... from`, `import('x')` in code and in types, `require('x')`. */
export function importsOf(source: string): ImportSite[] {
  const tokens = tokensOf(source);
  const sites: ImportSite[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') return;
    const next = tokens[index + 1];
    if (token.text === 'import' && next?.kind === 'string') {
      sites.push({ specifier: next.text, line: token.line, how: 'static' });
    } else if ((token.text === 'import' || token.text === 'require') && next?.text === '(') {
      const argument = tokens[index + 2];
      if (argument?.kind === 'string')
        sites.push({ specifier: argument.text, line: token.line, how: 'dynamic' });
      // What is computed cannot be checked; the empty name makes the check say so.
      else if (token.text === 'import') sites.push({ specifier: '', line: token.line, how: 'dynamic' });
    } else if (token.text === 'from' && next?.kind === 'string') {
      const start = startOfStatement(tokens, index);
      if (start !== undefined) sites.push({ specifier: next.text, line: start.line, how: start.how });
    }
  });
  return sites;
}

/** Walks back from `from` to the `import` or `export` it belongs to. */
function startOfStatement(
  tokens: readonly Token[],
  from: number,
): { line: number; how: ImportSite['how'] } | undefined {
  for (let i = from - 1; i >= 0; i--) {
    const token = tokens[i]!;
    if (token.text === 'import' || token.text === 'export') {
      const isType = tokens[i + 1]?.text === 'type' && tokens[i + 2]?.text !== 'from';
      if (token.text === 'export') return { line: token.line, how: 're-export' };
      return { line: token.line, how: isType ? 'type' : 'static' };
    }
    const inClause = token.kind === 'word' || token.kind === 'string' || /^[{},*]$/.test(token.text);
    if (!inClause) return undefined;
  }
  return undefined;
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
/** After these a slash starts a regular expression, not a division. */
const BEFORE_REGEX = /^(return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;

export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const reader = { source, at: 0, line: 1 };
  readUntil(reader, tokens, undefined);
  return tokens;
}

interface Reader {
  readonly source: string;
  at: number;
  line: number;
}

/** Reads tokens up to the brace that closes a template's `${`, or to the end. */
function readUntil(reader: Reader, tokens: Token[], closing: '}' | undefined): void {
  const { source } = reader;
  let depth = 0;
  while (reader.at < source.length) {
    const char = source[reader.at]!;
    const line = reader.line;
    if (char === '\n') {
      reader.line++;
      reader.at++;
    } else if (/\s/.test(char)) reader.at++;
    else if (source.startsWith('//', reader.at) || source.startsWith('#!', reader.at)) skipTo(reader, '\n');
    else if (source.startsWith('/*', reader.at)) skipTo(reader, '*/', 2);
    else if (char === "'" || char === '"') tokens.push({ kind: 'string', text: readQuoted(reader), line });
    else if (char === '`') readTemplate(reader, tokens);
    else if (char === '/' && regexMayStart(tokens.at(-1))) tokens.push(readRegex(reader));
    else {
      const word = matchAt(WORD, reader) ?? matchAt(NUMBER, reader);
      if (word === undefined && char === '}' && depth === 0 && closing === '}') return;
      if (char === '{') depth++;
      if (char === '}') depth--;
      tokens.push({ kind: word === undefined ? 'sign' : 'word', text: word ?? char, line });
      reader.at += word?.length ?? 1;
    }
  }
}

function matchAt(pattern: RegExp, reader: Reader): string | undefined {
  pattern.lastIndex = reader.at;
  return pattern.exec(reader.source)?.[0];
}

function skipTo(reader: Reader, end: string, more = 0): void {
  const found = reader.source.indexOf(end, reader.at);
  const stop = found === -1 ? reader.source.length : found + more;
  reader.line += reader.source.slice(reader.at, stop).split('\n').length - 1;
  reader.at = stop;
}

function readQuoted(reader: Reader): string {
  const quote = reader.source[reader.at]!;
  let text = '';
  for (reader.at++; reader.at < reader.source.length; reader.at++) {
    const char = reader.source[reader.at]!;
    if (char === '\\') {
      const escaped = reader.source[++reader.at] ?? '';
      if (escaped === '\n') reader.line++;
      text += escaped;
    } else if (char === quote || char === '\n') break;
    else text += char;
  }
  if (reader.source[reader.at] === quote) reader.at++;
  return text;
}

function readTemplate(reader: Reader, tokens: Token[]): void {
  tokens.push({ kind: 'template', text: '`', line: reader.line });
  for (reader.at++; reader.at < reader.source.length; reader.at++) {
    const char = reader.source[reader.at];
    if (char === '\\' && reader.source[reader.at + 1] !== '\n') reader.at++;
    else if (char === '\n') reader.line++;
    else if (char === '`') break;
    else if (reader.source.startsWith('${', reader.at)) {
      reader.at += 2;
      readUntil(reader, tokens, '}');
    }
  }
  reader.at++;
}

function regexMayStart(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_REGEX.test(before.text);
  return before.kind === 'sign' && !/^[)\]}]$/.test(before.text);
}

function readRegex(reader: Reader): Token {
  const start = reader.at;
  let inClass = false;
  for (reader.at++; reader.at < reader.source.length; reader.at++) {
    const char = reader.source[reader.at];
    if (char === '\\') reader.at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if ((char === '/' && !inClass) || char === '\n') break;
  }
  reader.at++;
  return { kind: 'regex', text: reader.source.slice(start, reader.at), line: reader.line };
}

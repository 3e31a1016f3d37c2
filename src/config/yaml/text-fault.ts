// What no YAML parser should have to see: binary content, control characters, texts without bound.
import type { Finding } from './findings.ts';
import { YAML_LIMITS } from './limits.ts';

// YAML 1.2.2, 5.1: printable characters; a byte order mark is allowed at the start only.
const UNPRINTABLE = /[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFEFF\uFFFE\uFFFF]|\p{Surrogate}/u;

export function textFault(text: string): (Finding & { readonly offset: number }) | undefined {
  if (text.length > YAML_LIMITS.textLength) {
    return {
      offset: 0,
      rule: 'file-too-large',
      message: `The file is larger than ${YAML_LIMITS.textLength / 1024 / 1024} MiB`,
      hint: 'Spread it over several files and name them with "include"',
    };
  }
  // YAML calls it a line break, half of the programs do not.
  const lone = /\r(?!\n)/.exec(text);
  if (lone !== null) {
    return {
      offset: lone.index,
      rule: 'control-character',
      message: 'A carriage return stands without a line feed',
      hint: "Save the file with the line ends of Unix, for example with \"tr '\\r' '\\n'\"",
    };
  }
  const found = UNPRINTABLE.exec(text);
  if (found === null) return undefined;
  if (found[0] === '\0') {
    return {
      offset: found.index,
      rule: 'binary-file',
      message: 'The file holds a zero byte, so it is no text',
      hint: 'Give a text file in YAML, saved as UTF-8',
    };
  }
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return {
    offset: found.index,
    rule: 'control-character',
    message: `The control character U+${code} may not stand in a YAML file`,
    hint: `Remove it, or write it as "\\u${code}" in double quotes`,
  };
}

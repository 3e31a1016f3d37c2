// A command line of a person's as program and arguments: blanks part words, quotes and backslashes hold them together.
// Nothing is expanded and no shell sees it.

/** Undefined where a quote stays open. */
export function commandWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote === '' && /\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      word ??= '';
    } else {
      const escaped = c === '\\' && quote !== "'" && i + 1 < text.length;
      word = (word ?? '') + (escaped ? text[++i]! : c);
    }
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}

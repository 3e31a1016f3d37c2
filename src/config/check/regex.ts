// Whether a regular expression can be read. Members and proxies use PCRE, which knows a few forms that ours does not.

const PCRE_ONLY = /\(\?[a-zA-Z<>|#+&PR0-9-]|\\[AZzGKQEhHRX]|[*+?}]\+|\[\[:/;

/** What is wrong with it, or undefined where it is well or beyond our judgement. */
export function regexFault(pattern: string): string | undefined {
  if (PCRE_ONLY.test(pattern)) return undefined;
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/^Invalid regular expression: \/.*\/[a-z]*: /s, '');
  }
}

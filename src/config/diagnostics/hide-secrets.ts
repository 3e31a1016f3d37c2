// A line of a file may hold a password beside the fault: it is blotted out, character by character, so that carets fit.

const SECRET_KEY =
  /((?:^|[\s{,"'_-])(?:password|passwd|secret|token|passphrase|auth_pass)["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,{}[\]#][^,}#]*)/gi;

/** The same line with the plain values of secret keys blotted out; its length stays. */
export function hideSecrets(line: string): string {
  return line.replace(SECRET_KEY, (_, key: string, value: string) => key + value.replace(/[^\s"']/g, '*'));
}

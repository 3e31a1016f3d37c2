// A line of a file may hold a password beside the fault: it is blotted out, character by character, so that carets fit.

const SECRET_KEY =
  /((?:^|[\s{,"'_-])(?:password|passwd|secret|token|passphrase|auth_pass|key_pem)["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|\{[^}]*\}?|\[[^\]]*\]?|[^\s,{}[\]#][^,}#]*)/gi;
/** A reference says where a secret is, not what it is; a default would say it. */
const REFERENCE = /^\{\s*(?:file|env)\s*:[^,{}]*\}/;

/** The same line with the plain values of secret keys blotted out; its length stays. */
export function hideSecrets(line: string): string {
  return line.replace(SECRET_KEY, (_, key: string, value: string) =>
    isReference(value) ? key + value : key + value.replace(/[^\s"'{}[\]]/g, '*'),
  );
}

/** Whether a secret's value, from its first character on, only names a file or a variable. */
export function isReference(value: string): boolean {
  return REFERENCE.test(value);
}

// A line of a file may hold a password beside the fault: it is blotted out, character by character, so that carets fit.

const SECRET_KEY =
  /((?:^|[\s{,"'_-])(?:password|passwd|secret|token|passphrase|auth_pass|key_pem|authorization|api[_-]?key)["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|\{[^}]*\}?|\[[^\]]*\]?|[^\s,{}[\]#][^,}#]*)/gi;
/** Of a URL the login, and what follows the host: that of a webhook is often its key. */
const URL_LOGIN = /(\b[a-z][a-z0-9+.-]*:\/\/)([^\s/@"']+)(?=@)/gi;
const URL_PATH = /((?:^|[\s{,"'])url["']?\s*:\s*["']?[a-z][a-z0-9+.-]*:\/\/[^\s/?#"',}]+)([/?#][^\s"',}]+)/gi;
/** The header, with what it holds; the name of a cookie is none. */
const COOKIE = /((?:^|[\s{,"'])cookie["']?\s*:\s*["']?)([^\s=,}"']+=[^,}"']*)/gi;
/** Of a program, wherever it stands: all of its arguments are hidden where the text can be parsed. */
const OPTION =
  /((?:^|[\s"'[,])--?[\w-]*(?:pass|passwd|password|passphrase|secret|token|key)(?:=|["']?,\s*["']?|\s+["']?))([^\s"',\]]+)/gi;
/** A reference says where a secret is, not what it is; a default would say it. */
const REFERENCE = /^\{\s*(?:file|env)\s*:[^,{}]*\}/;

/** The same line with the plain values of secret keys blotted out; its length stays. */
export function hideSecrets(line: string): string {
  return line
    .replace(URL_LOGIN, (_, before: string, login: string) => before + '*'.repeat(login.length))
    .replace(URL_PATH, (_, before: string, path: string) => before + '*'.repeat(path.length))
    .replace(OPTION, (_, before: string, value: string) => before + '*'.repeat(value.length))
    .replace(COOKIE, (_, before: string, value: string) => before + value.replace(/\S/g, '*'))
    .replace(SECRET_KEY, (_, key: string, value: string) =>
      isReference(value) ? key + value : key + value.replace(/[^\s"'{}[\]]/g, '*'),
    );
}

/** Whether a secret's value, from its first character on, only names a file or a variable. */
export function isReference(value: string): boolean {
  return REFERENCE.test(value);
}

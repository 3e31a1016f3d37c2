// A URL as fetch takes it: one with a login in it is refused by fetch, with the login in the error.

export interface PlainUrl {
  readonly url: URL;
  /** Of HTTP, for the login that stood in it (RFC 7617). */
  readonly authorization?: string;
}

export function withoutLogin(text: string | URL): PlainUrl {
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return { url };
  url.username = '';
  url.password = '';
  const login = `${decoded(username)}:${decoded(password)}`;
  return { url, authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that stands for itself.
    return part;
  }
}

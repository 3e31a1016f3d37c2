// An HTTP/1 request without a body (RFC 9112 3), as bytes.

export interface RequestHead {
  readonly version: '1.0' | '1.1';
  readonly method: string;
  /** Path and query, as it stands in the request line. */
  readonly path: string;
  /** A later name wins over an earlier one of other case. */
  readonly headers: Readonly<Record<string, string>>;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 5.5: no control characters but the tab; and nothing that is not one byte on the wire. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
/** Methods whose length a server waits for, even of nothing (RFC 9110 8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Throws RangeError where a name or value could end its line and begin another. */
export function encodeRequest({ version, method, path, headers }: RequestHead): Buffer {
  if (!TOKEN.test(method)) throw refusal('method', method);
  const target = toBytes(path);
  if (!TARGET.test(target)) throw refusal('path', path);
  const lines = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) throw refusal('header', name);
    const bytes = toBytes(value);
    if (!VALUE.test(bytes)) throw refusal(`value of header ${name}`, value);
    lines.set(name.toLowerCase(), `${name}: ${bytes}\r\n`);
  }
  if (WITH_BODY.has(method) && !lines.has('content-length'))
    lines.set('content-length', 'Content-Length: 0\r\n');
  return Buffer.from(`${method} ${target} HTTP/${version}\r\n${[...lines.values()].join('')}\r\n`, 'latin1');
}

/** One character a byte, UTF-8 for what needs more. */
function toBytes(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function refusal(what: string, value: string): RangeError {
  return new RangeError(`Cannot send ${what} ${JSON.stringify(value)} as HTTP does not allow its characters`);
}

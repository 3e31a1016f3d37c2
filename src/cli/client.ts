// The REST client: one request over the unix socket of a running daemon. Problems come back as our own errors.
import { type IncomingMessage, request } from 'node:http';
import {
  ERROR_CATALOGUE,
  type ErrorCode,
  InputError,
  LbError,
  OpError,
  type Retry,
} from '../model/errors.ts';

export interface ClientOptions {
  readonly socket: string;
  /** Reload and confirm answer after a round; everything else at once. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

const TIMEOUT_MS = 30_000;
/** More than any answer; a door that sends more is broken. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Nobody listens on the socket: no daemon runs. Commands that can do without one catch it. */
export class NoDaemon extends OpError {
  constructor(socket: string, errno: string) {
    super(
      'UNREACHABLE',
      `Cannot reach a daemon on "${socket}" as none runs there`,
      {
        op: 'connect',
        target: socket,
        errno,
      },
      { hint: 'Start it ("systemctl start lbctl" or "lbctl daemon"), or name its socket with --socket' },
    );
  }
}

export class Client {
  readonly socket: string;
  readonly #timeoutMs: number;

  constructor(options: ClientOptions) {
    this.socket = options.socket;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  get<T>(path: string, query: CallOptions['query'] = {}): Promise<T> {
    return this.call<T>('GET', path, { query });
  }

  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const response = await this.open(method, path, options, timeoutMs);
    const text = await textOf(response, timeoutMs);
    if (response.statusCode !== undefined && response.statusCode < 300)
      return (text === '' ? undefined : parse(text)) as T;
    throw toError(response.statusCode ?? 0, text);
  }

  /** The head has come; the body is still to be read. */
  open(
    method: Method,
    path: string,
    { query = {}, body }: CallOptions = {},
    timeoutMs = this.#timeoutMs,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    ).toString();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const given =
      payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.socket,
          method,
          path: search === '' ? path : `${path}?${search}`,
          headers: { ...given, ...headers },
          agent: false,
          timeout: timeoutMs,
        },
        resolve,
      );
      sent.once('timeout', () => sent.destroy(timedOut(this.socket, timeoutMs)));
      sent.once('error', (error) => reject(connectError(error, this.socket)));
      sent.end(payload);
    });
  }
}

/** `a/b` as one word of a path. */
export function word(text: string): string {
  return encodeURIComponent(text);
}

/** All pages of a list. */
export async function listAll<T>(
  client: Client,
  path: string,
  query: CallOptions['query'] = {},
): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  // Bounded: 1,000 pages of 10,000.
  for (let page = 0; page < 1000; page++) {
    const got = await client.get<{ items: T[]; next?: string }>(path, { ...query, limit: 10_000, after });
    items.push(...got.items);
    if (got.next === undefined) break;
    after = got.next;
  }
  return items;
}

function textOf(response: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.setTimeout(timeoutMs, () => response.destroy(timedOut('the daemon', timeoutMs)));
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) response.destroy(new Error('the answer is too large'));
      else chunks.push(chunk);
    });
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('aborted', () =>
      reject(
        new OpError('UNREACHABLE', 'Cannot read the answer as the daemon ended it', {
          op: 'read',
        }),
      ),
    );
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OpError(
      'DRIVER_FAILED',
      'Cannot read the answer of the daemon as it is no JSON',
      { op: 'parse' },
      { cause, hint: 'Is --socket really the socket of lbctl?' },
    );
  }
}

interface ProblemBody {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly retry?: Retry;
  readonly details?: Readonly<Record<string, unknown>>;
}

function toError(status: number, text: string): LbError {
  const problem = parse(text === '' ? '{}' : text) as ProblemBody;
  const code = problem.code !== undefined && problem.code in ERROR_CATALOGUE ? problem.code : 'DRIVER_FAILED';
  return new LbError(
    code as ErrorCode,
    problem.detail ?? `The daemon answered with HTTP status ${status}`,
    problem.retry ?? 'never',
    {
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      ...(problem.details === undefined ? {} : { details: problem.details }),
    },
  );
}

function connectError(error: NodeJS.ErrnoException, socket: string): Error {
  if (error instanceof LbError) return error;
  const errno = error.code ?? 'unknown';
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') return new NoDaemon(socket, errno);
  if (errno === 'EACCES' || errno === 'EPERM')
    return new InputError('DENIED', `Cannot use "${socket}" as you may not`, {
      hint: 'Run as root, or as a member of the group that api.socket_group names',
      cause: error,
    });
  return new OpError(
    'UNREACHABLE',
    `Cannot talk to the daemon on "${socket}": ${error.message}`,
    { op: 'request', target: socket, errno },
    { cause: error },
  );
}

function timedOut(target: string, timeoutMs: number): OpError {
  return new OpError(
    'TIMEOUT',
    `Cannot wait longer for the daemon: it has not answered for ${timeoutMs} ms`,
    {
      op: 'request',
      target,
    },
  );
}

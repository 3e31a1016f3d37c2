// The REST client: one request to a running daemon, over its unix socket or over TLS. Problems come back as our own errors.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Secret } from '../lib/secret.ts';
import {
  ERROR_CATALOGUE,
  type ErrorCode,
  InputError,
  LbError,
  OpError,
  type Retry,
} from '../model/errors.ts';

/** A daemon elsewhere: who it is and who we are. PEM texts. */
export interface Remote {
  /** `https://lb-a.example.com:9443` */
  readonly server: string;
  readonly token?: Secret;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
}

export interface ClientOptions {
  /** A unix socket, or a daemon elsewhere. */
  readonly to: string | Remote;
  /** Reload and confirm answer after a round; everything else at once. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** The ETag of the object that the caller has seen. */
  readonly ifMatch?: string;
}

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 30_000;
/** Of `api.listen`, where it names none. */
const DEFAULT_PORT = 9443;
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
  /** Path of the socket, or URL of the server: for messages. */
  readonly target: string;
  readonly #to: ClientOptions['to'];
  readonly #timeoutMs: number;

  constructor(options: ClientOptions) {
    this.target = typeof options.to === 'string' ? options.to : options.to.server;
    this.#to = options.to;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  get<T>(path: string, query: CallOptions['query'] = {}): Promise<T> {
    return this.call<T>('GET', path, { query });
  }

  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    return (await this.ask<T>(method, path, options)).body;
  }

  /** With the state that the next write must name. */
  async ask<T>(
    method: Method,
    path: string,
    options: CallOptions = {},
  ): Promise<{ readonly body: T; readonly etag?: string }> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const match = options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch };
    const response = await this.open(method, path, options, timeoutMs, match);
    const text = await textOf(response, timeoutMs);
    if (response.statusCode === undefined || response.statusCode >= 300)
      throw toError(response.statusCode ?? 0, text);
    const { etag } = response.headers;
    return { body: (text === '' ? undefined : parse(text)) as T, ...(etag === undefined ? {} : { etag }) };
  }

  /** The head has come; the body is still to be read. */
  async open(
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
    const send = await senderTo(this.#to);
    return new Promise((resolve, reject) => {
      const sent = send(
        {
          method,
          path: search === '' ? path : `${path}?${search}`,
          headers: { ...given, ...headers },
          agent: false,
          timeout: timeoutMs,
        },
        resolve,
      );
      sent.once('timeout', () => sent.destroy(timedOut(this.target, timeoutMs)));
      sent.once('error', (error) => reject(connectError(error, this.target)));
      sent.end(payload);
    });
  }
}

type Send = (options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) => ClientRequest;

/** Imported when something is sent: loading HTTP is a good part of the start of a command that sends nothing. */
async function senderTo(to: string | Remote): Promise<Send> {
  if (typeof to === 'string') {
    const { request } = await import('node:http');
    return (options, onAnswer) => request({ ...options, socketPath: to }, onAnswer);
  }
  const { request } = await import('node:https');
  const { hostname, port } = new URL(to.server);
  const { ca, cert, key, token } = to;
  return ({ headers, ...options }, onAnswer) =>
    request(
      {
        ...options,
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: port === '' ? DEFAULT_PORT : port,
        minVersion: 'TLSv1.2',
        headers: {
          ...(headers as Record<string, string>),
          ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
        },
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key: key.reveal() }),
      },
      onAnswer,
    );
}

/** `a/b` as one word of a path. */
export function word(text: string): string {
  return encodeURIComponent(text);
}

/** Whom a view asks: a daemon, or this machine where none runs. */
export type Reader = Pick<Client, 'get'>;

/** All pages of a list. */
export async function listAll<T>(
  client: Reader,
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
  if (socket.startsWith('https:')) return remoteError(error, socket, errno);
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

/** What TLS says of a certificate, in Node's codes. */
const TRUST = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|ERR_TLS_|ERR_OSSL|ERR_SSL)/;

function remoteError(error: NodeJS.ErrnoException, server: string, errno: string): Error {
  const trust = TRUST.test(errno);
  return new OpError(
    'UNREACHABLE',
    `Cannot ${trust ? 'trust' : 'talk to'} "${server}": ${error.message}`,
    { op: 'request', target: server, errno },
    {
      cause: error,
      hint: trust
        ? 'Name the authority of its certificate with --ca, and the server as its certificate does'
        : 'Check the address, the port (api.listen) and what stands between',
    },
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

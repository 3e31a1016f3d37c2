// Opens the REST door of a running daemon: its unix socket, and TCP with TLS where the settings ask for it.
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Control } from '../../engine/control.ts';
import type { ApiSettings } from '../../model/settings.ts';
import { type Actor, unixActor } from './actor.ts';
import { buildApp } from './build-app.ts';
import { type AuditEvent, EventRing } from './event-ring.ts';
import { EventStreams } from './event-stream.ts';
import { HttpError, toProblem } from './problem.ts';
import { Pulse } from './pulse.ts';
import { listenUnix } from './unix-socket.ts';

/** Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED). */
export interface UnixPeer {
  readonly uid: number;
  readonly pid: number;
}

export interface RestOptions {
  /** For the log: every write, whatever came of it. It also goes into the event stream. */
  readonly onAudit?: (event: AuditEvent) => void;
  /** For the log: faults of ours that a request met. */
  readonly onFault?: (error: unknown, requestId: string) => void;
  /** Asked once a connection with its file descriptor. Without it writes are audited as `unix`. */
  readonly unixPeer?: (fd: number) => UnixPeer | undefined;
  readonly nowMs?: () => number;
  readonly monotonicMs?: () => number;
}

export interface Rest {
  /** Path of the unix socket. */
  readonly address: string;
  /** Ends streams, lets running requests end, then closes. */
  close(): Promise<void>;
}

/** Slow or silent clients do not hold a connection for ever. */
export const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
};
const MOST_CONNECTIONS = 512;
const CLOSE_MS = 2000;

export async function openRest(
  control: Control,
  settings: ApiSettings,
  options: RestOptions = {},
): Promise<Rest> {
  const ring = new EventRing(control.startedMs);
  const stopEvents = control.onEvent((event) => ring.push(event));
  const streams = new EventStreams(ring);
  const shared = {
    control,
    ring,
    streams,
    pulse: new Pulse(options.monotonicMs ?? (() => performance.now())),
    nowMs: options.nowMs ?? (() => Date.now()),
    audit: (event: AuditEvent) => {
      ring.push(event);
      options.onAudit?.(event);
    },
    onFault: options.onFault ?? (() => undefined),
  };
  const unix = buildApp({
    ...shared,
    authenticate: unixActors(options.unixPeer),
    createServer: (handler) => limited(createServer(SERVER_OPTIONS, handler)),
  });
  try {
    await unix.ready();
    await listenUnix(unix.server, {
      path: settings.socket,
      mode: settings.socketMode,
      group: settings.socketGroup,
    });
  } catch (error) {
    stopEvents();
    throw error;
  }
  return {
    address: settings.socket,
    async close() {
      stopEvents();
      streams.close();
      await closeApp(unix);
    },
  };
}

function limited(server: Server): Server {
  server.maxConnections = MOST_CONNECTIONS;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const [status, text] = tooLarge ? [431, 'Request Header Fields Too Large'] : [400, 'Bad Request'];
    const why = tooLarge ? 'its head is too large' : 'it is no HTTP';
    const told = new HttpError(status, 'USAGE', `Cannot read the request as ${why}`);
    const body = JSON.stringify(toProblem(told, { url: '', id: randomUUID() }));
    socket.end(
      `HTTP/1.1 ${status} ${text}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
  return server;
}

/** Asked once a connection: the other end of it does not change. */
function unixActors(peerOf: RestOptions['unixPeer']): (request: FastifyRequest) => Actor {
  const known = new WeakMap<Socket, Actor>();
  return ({ raw: { socket } }) => {
    const before = known.get(socket);
    if (before !== undefined) return before;
    const fd = (socket as Socket & { _handle?: { fd?: number } })._handle?.fd ?? -1;
    const peer = fd < 0 ? undefined : peerOf?.(fd);
    const actor = unixActor(peer);
    known.set(socket, actor);
    return actor;
  };
}

async function closeApp(app: FastifyInstance): Promise<void> {
  const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
  app.server.closeIdleConnections();
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(cut);
  await app.close();
}

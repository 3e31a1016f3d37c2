// What every server of this door has: limits for slow, silent and many clients, answers to what is no HTTP, an end that waits.
import { randomUUID } from 'node:crypto';
import type { Server, ServerOptions } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { HttpError, toProblem } from './problem.ts';

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

export function limited<S extends Server>(server: S): S {
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

/** Running requests end, at most for a while. */
export async function closeApp(app: FastifyInstance, cutMs = CLOSE_MS): Promise<void> {
  const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
  app.server.closeIdleConnections();
  const cut = setTimeout(() => app.server.closeAllConnections(), cutMs);
  await closed;
  clearTimeout(cut);
  await app.close();
}

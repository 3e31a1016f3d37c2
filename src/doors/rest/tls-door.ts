// The TCP door: TLS 1.2 and newer, certificates read again when their files change, nobody holds more than a share of it.
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { InputError, OpError } from '../../model/errors.ts';
import type { ApiSettings } from '../../model/settings.ts';
import { type AppOptions, buildApp } from './build-app.ts';
import { closeApp, limited, SERVER_OPTIONS } from './http-server.ts';
import { keyOf } from './lockout.ts';
import { RateLimit } from './rate-limit.ts';
import { type RemoteActorOptions, remoteActors } from './remote-actor.ts';
import { TlsFiles, type TlsMaterial } from './tls-files.ts';

export interface TlsDoorOptions
  extends Pick<RemoteActorOptions, 'authenticate' | 'holds' | 'onRefused' | 'monotonicMs'> {
  readonly app: Omit<AppOptions, 'authenticate' | 'createServer'>;
  readonly onTls: (told: { readonly notAfterMs: number } | { readonly error: Error }) => void;
}

export interface TlsDoor {
  /** `https://127.0.0.1:9443` */
  readonly address: string;
  owns(socket: Socket): boolean;
  close(): Promise<void>;
}

const HANDSHAKE_MS = 10_000;
/** Half of all connections, so that one address cannot keep the others out. */
const MOST_OF_ONE_ADDRESS = 256;
const LOOK_MS = 5000;

export async function openTlsDoor(settings: ApiSettings, options: TlsDoorOptions): Promise<TlsDoor> {
  const { listen, tls } = settings;
  if (listen === undefined || tls === undefined)
    throw new InputError('CONFIG_INVALID', 'Cannot serve the API over TCP without api.listen and api.tls');
  const files = new TlsFiles(tls, options.app.nowMs);
  const sockets = new Sockets();
  const app = buildApp({
    ...options.app,
    authenticate: remoteActors({
      ...options,
      clients: tls.clients,
      limit: new RateLimit(settings.requestsPerSecond),
    }),
    createServer: (handler) => {
      const server = limited(
        createServer(
          {
            ...SERVER_OPTIONS,
            ...files.material.options,
            handshakeTimeout: HANDSHAKE_MS,
            ALPNProtocols: ['http/1.1'],
            requestCert: tls.clientCa !== undefined,
            // A bearer of a token needs none; one that is presented and wrong is refused at the request.
            rejectUnauthorized: false,
          },
          handler,
        ),
      );
      server.on('connection', (socket) => sockets.count(socket));
      server.on('secureConnection', (socket) => sockets.add(socket));
      server.on('tlsClientError', (_error, socket) => socket.destroy());
      server.on('request', ({ socket }, response) => sockets.serving(socket, response));
      return server;
    },
  });
  await app.ready();
  await listenTcp(app, listen);
  options.onTls(files.material);

  const look = (): void => {
    const news = files.look();
    if (news === undefined) return;
    if (news instanceof Error) {
      options.onTls({ error: news });
      return;
    }
    (app.server as unknown as { setSecureContext(o: TlsMaterial['options']): void }).setSecureContext(
      news.options,
    );
    // What the old files let in must show its certificate to the new ones.
    app.server.closeIdleConnections();
    sockets.retire((socket) => options.app.streams.has(socket));
    options.onTls(news);
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  const { address, port, family } = app.server.address() as AddressInfo;
  return {
    address: `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    owns: (socket) => sockets.has(socket),
    async close() {
      clearInterval(timer);
      await closeApp(app);
      sockets.end();
    },
  };
}

/** Open connections: how many of each address, and which came before the files changed. */
class Sockets {
  readonly #open = new Set<TLSSocket>();
  readonly #byAddress = new Map<string, number>();
  readonly #serving = new Set<Socket>();
  readonly #retired = new WeakSet<Socket>();

  count(socket: Socket): void {
    const key = keyOf(socket.remoteAddress ?? '');
    const count = (this.#byAddress.get(key) ?? 0) + 1;
    if (count > MOST_OF_ONE_ADDRESS) {
      socket.destroy();
      return;
    }
    this.#byAddress.set(key, count);
    socket.once('close', () => {
      const left = (this.#byAddress.get(key) ?? 1) - 1;
      if (left <= 0) this.#byAddress.delete(key);
      else this.#byAddress.set(key, left);
    });
  }

  add(socket: TLSSocket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  has(socket: Socket): boolean {
    return this.#open.has(socket as TLSSocket);
  }

  serving(socket: Socket, response: ServerResponse): void {
    this.#serving.add(socket);
    response.once('close', () => {
      this.#serving.delete(socket);
      if (this.#retired.has(socket)) socket.end();
    });
  }

  /** Streams end now, other requests are answered first: a client comes back and is looked at anew. */
  retire(isStream: (socket: Socket) => boolean): void {
    for (const socket of this.#open) {
      if (!this.#serving.has(socket) || isStream(socket)) socket.end();
      else this.#retired.add(socket);
    }
  }

  end(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

function listenTcp(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      void app.close();
      reject(
        new OpError(
          'DRIVER_FAILED',
          `Cannot serve the API on "${host}" port ${port}: ${cause.message}`,
          {
            op: 'listen',
            target: `${host} ${port}`,
            ...(cause.code === undefined ? {} : { errno: cause.code }),
          },
          { hint: 'Free the port, or change api.listen', cause },
        ),
      );
    };
    app.server.once('error', fail);
    app.server.listen({ host, port }, () => {
      app.server.off('error', fail);
      resolve();
    });
  });
}

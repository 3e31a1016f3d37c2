// Where peers come for our flows: TLS, and only with a certificate of the authority both sides know.
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { FlowNews } from '../../model/flow.ts';
import type { GroupReport } from './flow-message.ts';
import { SyncLink, type SyncLinkOptions } from './sync-link.ts';

export interface SyncTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca: string | Buffer;
}

export interface SyncServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: SyncTls;
  readonly link: Pick<SyncLinkOptions, 'clock' | 'node' | 'table' | 'epoch' | 'onRoles'>;
  onTrouble(what: string, detail: string): void;
}

const HANDSHAKE_MS = 5000;
/** Nodes of one group are few; more are a mistake or worse. */
const MOST_LINKS = 16;

export class SyncServer {
  readonly #server: Server;
  readonly #links = new Set<SyncLink>();
  readonly #options: SyncServerOptions;

  private constructor(options: SyncServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        ...options.tls,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
        handshakeTimeout: HANDSHAKE_MS,
      },
      (socket) => this.#accept(socket),
    );
    this.#server.on('tlsClientError', (error, socket) =>
      options.onTrouble(`peer ${socket.remoteAddress ?? ''}`, `it was turned away: ${error.message}`),
    );
  }

  /** Rejects where the address cannot be used. */
  static async open(options: SyncServerOptions): Promise<SyncServer> {
    const server = new SyncServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port, options.host, () => {
        server.#server.off('error', reject);
        server.#server.on('error', (error) => options.onTrouble('connection sync', error.message));
        resolve();
      });
    });
    return server;
  }

  get links(): number {
    return this.#links.size;
  }

  get backlog(): number {
    return Math.max(0, ...[...this.#links].map((link) => link.backlog));
  }

  tell(news: FlowNews): void {
    for (const link of this.#links) link.tell(news);
  }

  tellRoles(groups: readonly GroupReport[]): void {
    for (const link of this.#links) link.tellRoles(groups);
  }

  close(): void {
    this.#server.close();
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  #accept(socket: TLSSocket): void {
    if (this.#links.size >= MOST_LINKS) {
      socket.destroy();
      return;
    }
    const peer = socket.remoteAddress ?? 'unknown';
    const link: SyncLink = new SyncLink(socket, {
      ...this.#options.link,
      pulls: false,
      onComplete: () => {},
      onEnd: (why, refused) => {
        this.#links.delete(link);
        if (refused) this.#options.onTrouble(`peer ${peer}`, why);
      },
    });
    this.#links.add(link);
  }
}

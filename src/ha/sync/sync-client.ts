// Keeps one connection to a peer, pulls its flows at join, and knows whether all of them are here.
import { connect, type TLSSocket } from 'node:tls';
import type { SyncPeerState } from '../../model/ha-status.ts';
import type { GroupReport } from './flow-message.ts';
import { SyncLink, type SyncLinkOptions } from './sync-link.ts';
import type { SyncTls } from './sync-server.ts';

export interface SyncClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: SyncTls;
  readonly link: Pick<SyncLinkOptions, 'clock' | 'node' | 'table' | 'epoch' | 'onRoles'>;
  onState(): void;
  onTrouble(what: string, detail: string): void;
}

const CONNECT_MS = 2000;
const FIRST_AGAIN_MS = 250;
const LONGEST_AGAIN_MS = 2000;
/** A peer that starts at the same time needs a moment until it answers: so long it does not count as away. */
const AWAY_MS = 3000;
/** Two releases that do not understand each other: one of them will be another one some day. */
const REFUSED_AGAIN_MS = 30_000;

export class SyncClient {
  readonly #options: SyncClientOptions;
  /** Since when it cannot be reached. */
  #lostMs: number;
  #state: SyncPeerState = 'dialing';
  #pullingSinceMs: number;
  #received = 0;
  #link: SyncLink | undefined;
  #socket: TLSSocket | undefined;
  #againMs = FIRST_AGAIN_MS;
  #cancel: () => void = () => {};
  #told = '';
  #isClosed = false;

  constructor(options: SyncClientOptions) {
    this.#options = options;
    this.#lostMs = this.#pullingSinceMs = options.link.clock.monotonicMs();
    this.#dial();
  }

  get name(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }

  get state(): SyncPeerState {
    return this.#state;
  }

  /** Flows that came with the last pull. */
  get received(): number {
    return this.#received;
  }

  /** Since when its flows are waited for. */
  get waitingSinceMs(): number {
    return this.#pullingSinceMs;
  }

  tellRoles(groups: readonly GroupReport[]): void {
    this.#link?.tellRoles(groups);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#link?.close();
    this.#socket?.destroy();
  }

  #dial(): void {
    const { host, port, tls, link, onTrouble } = this.#options;
    // The authority is the nodes' own: whoever has a certificate of it is a node, whatever name it says.
    const socket = connect({
      host,
      port,
      ...tls,
      minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
    });
    this.#socket = socket;
    const fail = (error: Error): void => this.#away(error.message);
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      this.#againMs = FIRST_AGAIN_MS;
      this.#pullingSinceMs = link.clock.monotonicMs();
      this.#set('pulling');
      this.#link = new SyncLink(socket, {
        ...link,
        pulls: true,
        onComplete: (flows) => {
          this.#received = flows;
          this.#told = '';
          this.#set('synced');
        },
        onEnd: (why, refused) => {
          this.#link = undefined;
          if (!refused) {
            this.#lostMs = link.clock.monotonicMs();
            // Half of its flows are not all of them: it counts as away only when it stays so.
            if (this.#state === 'pulling') this.#set('dialing');
            this.#tell(why);
            return this.#away(why);
          }
          onTrouble(`peer ${this.name}`, why);
          this.#set('refused');
          this.#again(REFUSED_AGAIN_MS);
        },
      });
    });
  }

  #away(why: string): void {
    if (this.#isClosed) return;
    const { link } = this.#options;
    const isEarly = this.#state === 'dialing' && link.clock.monotonicMs() - this.#lostMs < AWAY_MS;
    if (!isEarly) {
      this.#tell(why);
      this.#set('away');
    }
    this.#again(this.#againMs);
    this.#againMs = Math.min(LONGEST_AGAIN_MS, this.#againMs * 2);
  }

  /** Once for each reason: a peer that is away is tried every other second. */
  #tell(why: string): void {
    if (this.#told !== why) this.#options.onTrouble(`peer ${this.name}`, why);
    this.#told = why;
  }

  #again(ms: number): void {
    this.#cancel();
    this.#cancel = this.#options.link.clock.after(ms, () => this.#dial());
  }

  #set(state: SyncPeerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState();
  }
}

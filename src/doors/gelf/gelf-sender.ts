// Sends GELF over UDP or TCP. A server that is away costs lines, counted and told when it is back, and nothing else.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import type { LoggingSettings } from '../../model/settings.ts';
import { gelfDatagrams, gelfMessage, type LogLine } from './gelf-message.ts';

export type GelfSettings = NonNullable<LoggingSettings['gelf']>;

export interface GelfSender {
  send(line: LogLine): void;
  /** Lines that did not go out. */
  readonly dropped: number;
  close(): Promise<void>;
}

const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const AGAIN_MS = 1000;
const LONGEST_AGAIN_MS = 30_000;
const CONNECT_MS = 10_000;
const FLUSH_MS = 2000;
/** A name may come to mean another server. */
const RESOLVE_MS = 60_000;

/** `host` is the name of this node. */
export function openGelf(settings: GelfSettings, host: string, resolve: Resolve = resolveServer): GelfSender {
  const about = { host, facility: settings.facility };
  return settings.protocol === 'udp'
    ? new UdpSender(settings, about, resolve)
    : new TcpSender(settings, about);
}

type Resolve = (host: string) => Promise<LookupAddress>;
type Datagrams = readonly Buffer[];

type About = { readonly host: string; readonly facility: string };

/** One socket for the family of the server's address; a name is looked up now and then, and lines wait for the first answer. */
class UdpSender implements GelfSender {
  readonly #settings: GelfSettings;
  readonly #about: About;
  readonly #resolve: Resolve;
  #way: { readonly socket: DatagramSocket; readonly to: LookupAddress } | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #waiting: Datagrams[] = [];
  #pending = 0;
  #closed = false;
  dropped = 0;

  constructor(settings: GelfSettings, about: About, resolve: Resolve) {
    this.#settings = settings;
    this.#about = about;
    this.#resolve = resolve;
  }

  send(line: LogLine): void {
    const datagrams = gelfDatagrams(gelfMessage(line, this.#about));
    if (datagrams === undefined || this.#pending > MOST_WAITING_BYTES) {
      this.dropped++;
      return;
    }
    const againMs = this.#way === undefined ? AGAIN_MS : RESOLVE_MS;
    if (!this.#isAsking && performance.now() - this.#askedMs > againMs) void this.#ask();
    if (this.#way !== undefined) this.#sendNow(datagrams);
    else if (this.#isAsking) {
      this.#waiting.push(datagrams);
      this.#pending += sizeOf(datagrams);
    } else this.dropped++;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const untilMs = performance.now() + FLUSH_MS;
      const look = (): void => {
        if (this.#pending > 0 && performance.now() < untilMs) {
          setTimeout(look, 10);
          return;
        }
        this.#closed = true;
        if (this.#way === undefined) resolve();
        else this.#way.socket.close(() => resolve());
      };
      look();
    });
  }

  async #ask(): Promise<void> {
    this.#askedMs = performance.now();
    this.#isAsking = true;
    // Where it cannot be said now, the address of before still is the best guess.
    const to = await this.#resolve(this.#settings.host).catch(() => this.#way?.to);
    this.#isAsking = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const datagrams of waiting) this.#pending -= sizeOf(datagrams);
    if (this.#closed || to === undefined) {
      this.dropped += waiting.length;
      return;
    }
    const before = this.#way;
    this.#way = { socket: before?.to.family === to.family ? before.socket : openSocket(to), to };
    if (before !== undefined && before.socket !== this.#way.socket) before.socket.close();
    for (const datagrams of waiting) this.#sendNow(datagrams);
  }

  #sendNow(datagrams: Datagrams): void {
    const { socket, to } = this.#way!;
    for (const [at, datagram] of datagrams.entries()) {
      this.#pending += datagram.length;
      socket.send(datagram, this.#settings.port, to.address, (error) => {
        this.#pending -= datagram.length;
        if (error !== null && at === 0) this.dropped++;
      });
    }
  }
}

function sizeOf(datagrams: Datagrams): number {
  return datagrams.reduce((sum, one) => sum + one.length, 0);
}

function openSocket({ family }: LookupAddress): DatagramSocket {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
  socket.on('error', () => undefined);
  socket.unref();
  return socket;
}

/** IPv4 where there is both: nobody tells a sender of datagrams that it chose the wrong one. */
export async function resolveServer(host: string): Promise<LookupAddress> {
  const found = await lookup(host, { all: true });
  return found.find(({ family }) => family === 4) ?? found[0]!;
}

class TcpSender implements GelfSender {
  readonly #settings: GelfSettings;
  readonly #about: About;
  #socket: Socket | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isOpen = false;
  #againMs = AGAIN_MS;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #untold = 0;
  dropped = 0;

  constructor(settings: GelfSettings, about: About) {
    this.#settings = settings;
    this.#about = about;
    this.#connect();
  }

  send(line: LogLine): void {
    // A zero byte ends a message: JSON has none inside.
    const frame = Buffer.from(`${gelfMessage(line, this.#about)}\0`);
    const behind = this.#waitingBytes + (this.#socket?.writableLength ?? 0);
    if (behind + frame.length > MOST_WAITING_BYTES) {
      this.dropped++;
      this.#untold++;
    } else if (this.#isOpen) this.#socket!.write(frame);
    else {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined || !this.#isOpen) {
      socket?.destroy();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cut = setTimeout(() => socket.destroy(), FLUSH_MS);
      socket.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
      socket.end();
    });
  }

  #connect(): void {
    const { host, port } = this.#settings;
    const socket = connect({ host, port });
    this.#socket = socket;
    socket.unref();
    socket.setTimeout(CONNECT_MS, () => {
      if (!this.#isOpen) socket.destroy();
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      this.#isOpen = true;
      this.#againMs = AGAIN_MS;
      const waiting = this.#waiting;
      [this.#waiting, this.#waitingBytes] = [[], 0];
      for (const frame of waiting) socket.write(frame);
      if (this.#untold > 0) {
        const dropped = this.#untold;
        this.#untold = 0;
        this.send({ level: 'warn', time: new Date().toISOString(), msg: 'log lines were dropped', dropped });
      }
    });
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.once('close', () => {
      this.#isOpen = false;
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.#connect(), this.#againMs);
      this.#timer.unref();
      this.#againMs = Math.min(LONGEST_AGAIN_MS, this.#againMs * 2);
    });
  }
}

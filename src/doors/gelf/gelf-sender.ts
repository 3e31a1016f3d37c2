// Sends GELF over UDP or TCP. A server that is away costs lines, counted and told when it is back, and nothing else.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
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

export function openGelf(settings: GelfSettings, host: string): GelfSender {
  const about = { host, facility: settings.facility };
  return settings.protocol === 'udp' ? new UdpSender(settings, about) : new TcpSender(settings, about);
}

type About = { readonly host: string; readonly facility: string };

class UdpSender implements GelfSender {
  readonly #settings: GelfSettings;
  readonly #about: About;
  #socket: DatagramSocket;
  #openedMs = 0;
  #pending = 0;
  dropped = 0;

  constructor(settings: GelfSettings, about: About) {
    this.#settings = settings;
    this.#about = about;
    this.#socket = this.#open();
  }

  send(line: LogLine): void {
    const datagrams = gelfDatagrams(gelfMessage(line, this.#about));
    if (datagrams === undefined || this.#pending > MOST_WAITING_BYTES) {
      this.dropped++;
      return;
    }
    if (performance.now() - this.#openedMs > RESOLVE_MS) this.#again();
    const { port, host } = this.#settings;
    for (const [at, datagram] of datagrams.entries()) {
      this.#pending += datagram.length;
      this.#socket.send(datagram, port, host, (error) => {
        this.#pending -= datagram.length;
        if (error !== null && at === 0) this.dropped++;
      });
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const untilMs = performance.now() + FLUSH_MS;
      const look = (): void => {
        if (this.#pending > 0 && performance.now() < untilMs) setTimeout(look, 10);
        else this.#socket.close(() => resolve());
      };
      look();
    });
  }

  #open(): DatagramSocket {
    this.#openedMs = performance.now();
    const socket = createSocket({ type: isIPv6(this.#settings.host) ? 'udp6' : 'udp4' });
    socket.on('error', () => undefined);
    socket.unref();
    return socket;
  }

  #again(): void {
    if (this.#pending > 0) return;
    this.#socket.close();
    this.#socket = this.#open();
  }
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

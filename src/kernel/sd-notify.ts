// Tells systemd how the daemon fares (sd_notify(3)): a datagram to the socket it names. Without systemd, nothing happens.
import { OpError } from '../model/errors.ts';
import { AF_UNIX, NativeSocket, SOCK } from './native/socket.ts';

/** A supervisor that reads nothing for a while (it loads its units anew) must not hold up who serves. */
const AGAIN_MS = 200;
/** More than that waits for somebody who will never read. */
const MOST_WAITING = 16;

export type NotifyState = Readonly<Record<string, string>>;

/** struct sockaddr_un: two bytes of family, then the path; a leading `@` is an abstract name. */
function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`, 'utf8');
  const address = new Uint8Array(2 + name.length);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}

export class SdNotify {
  readonly #path: string | undefined;
  #socket: NativeSocket | undefined;
  /** In the order they were told: READY after RELOADING says another thing than before it. */
  #waiting: NotifyState[] = [];
  #again: NodeJS.Timeout | undefined;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#path = env.NOTIFY_SOCKET;
  }

  /** `{ READY: '1', STATUS: 'serving' }`. A supervisor that went away is no reason to stop: nothing is thrown. */
  tell(state: NotifyState): void {
    if (this.#path === undefined) return;
    // A sign of life is worth nothing later.
    if (this.#waiting.length > 0 && state.WATCHDOG !== undefined) return;
    this.#waiting.push(state);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#flush(this.#path);
  }

  close(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#waiting = [];
    this.#shut();
  }

  #flush(path: string): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      this.#socket ??= new NativeSocket('sd-notify', AF_UNIX, SOCK.dgram | SOCK.nonblock, 0);
      for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
        this.#socket.sendTo(toDatagram(next), unixAddress(path));
        this.#waiting.shift();
      }
    } catch (error) {
      if (isFull(error)) {
        this.#waiting = this.#waiting.filter(({ WATCHDOG }) => WATCHDOG === undefined);
        if (this.#waiting.length > 0) this.#again = setTimeout(() => this.#flush(path), AGAIN_MS).unref();
        return;
      }
      this.#waiting = [];
      this.#shut();
    }
  }

  #shut(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

function toDatagram(state: NotifyState): Uint8Array {
  const text = Object.entries(state).map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}`);
  return Buffer.from(text.join('\n'));
}

function isFull(error: unknown): boolean {
  return error instanceof OpError && error.op.errno === 'EAGAIN';
}

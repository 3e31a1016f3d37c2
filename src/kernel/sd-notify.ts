// Tells systemd how the daemon fares (sd_notify(3)): a datagram to the socket it names. Without systemd, nothing happens.
import { AF_UNIX, NativeSocket, SOCK } from './native/socket.ts';

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

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#path = env.NOTIFY_SOCKET;
  }

  /** `{ READY: '1', STATUS: 'serving' }`. A supervisor that went away is no reason to stop: nothing is thrown. */
  tell(state: Readonly<Record<string, string>>): void {
    if (this.#path === undefined) return;
    try {
      this.#socket ??= new NativeSocket('sd-notify', AF_UNIX, SOCK.dgram, 0);
      const text = Object.entries(state).map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}`);
      this.#socket.sendTo(Buffer.from(text.join('\n')), unixAddress(this.#path));
    } catch {
      this.close();
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

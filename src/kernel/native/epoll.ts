// Which of many sockets have something to say: epoll(7), looked at and never waited for, as Node has the thread.
import { lastErrno, libc, openLibc } from './libc.ts';

interface Calls {
  create(flags: number): number;
  control(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  wait(epoll: number, events: Uint8Array, count: number, timeoutMs: number): number;
}

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLOUT = 4;
/** struct epoll_event is packed on x86-64 alone; its data is the last eight bytes everywhere. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const DATA_AT = EVENT_BYTES - 8;
const BATCH = 256;

let calls: Calls | undefined;

export class Epoll {
  readonly #events = new Uint8Array(EVENT_BYTES * BATCH);
  readonly #view = new DataView(this.#events.buffer);
  #fd = -1;

  /** Tells when it can be written to, or failed. 0 or errno. */
  add(fd: number): number {
    calls ??= load();
    if (this.#fd < 0) this.#fd = calls.create(EPOLL_CLOEXEC);
    if (this.#fd < 0) return lastErrno();
    this.#view.setUint32(0, EPOLLOUT, true);
    this.#view.setInt32(DATA_AT, fd, true);
    return calls.control(this.#fd, EPOLL_CTL_ADD, fd, this.#events) === 0 ? 0 : lastErrno();
  }

  /** What is closed is out by itself; a socket that goes on must be taken out. */
  remove(fd: number): void {
    if (this.#fd >= 0) calls?.control(this.#fd, EPOLL_CTL_DEL, fd, this.#events);
  }

  /** Ready now. */
  ready(): readonly number[] {
    const fds: number[] = [];
    if (calls === undefined || this.#fd < 0) return fds;
    const count = calls.wait(this.#fd, this.#events, BATCH, 0);
    for (let i = 0; i < count; i++) fds.push(this.#view.getInt32(i * EVENT_BYTES + DATA_AT, true));
    return fds;
  }

  /** It may be used again: the next that is added opens it. */
  close(): void {
    if (this.#fd < 0) return;
    libc().close(this.#fd);
    this.#fd = -1;
  }
}

function load(): Calls {
  const library = openLibc();
  return {
    create: library.func('int epoll_create1(int)'),
    control: library.func('int epoll_ctl(int, int, int, void *)'),
    wait: library.func('int epoll_wait(int, void *, int, int)'),
  };
}

// Asks many addresses at once whether they accept a connection. Through Node's sockets each costs a handle, a stream, timers and
// turns of the loop; thousands of checks a second want system calls and nothing else.
import { type Family, familyOf } from '../lib/ip.ts';
import { Epoll } from './native/epoll.ts';
import { ERRNO, errnoName } from './native/errno.ts';
import { lastErrno, libc } from './native/libc.ts';
import { socketAddressBuffer, toSocketAddress, type Way } from './probe-socket.ts';
import { SpareSockets } from './spare-sockets.ts';

export type ConnectEnd =
  | { readonly kind: 'connected'; readonly tookMs: number }
  /** By the name of its errno. */
  | { readonly kind: 'failed'; readonly code: string; readonly tookMs: number }
  | { readonly kind: 'timed-out'; readonly tookMs: number };

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Pending {
  readonly fd: number;
  readonly family: Family;
  readonly way: Way;
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly stop: AbortSignal;
  /** While it is waited for. */
  onStop?: () => void;
  readonly resolve: (end: ConnectEnd) => void;
}

const SOL_SOCKET = 1;
const SO_ERROR = 4;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Of struct tcp_info (linux/tcp.h), up to and with its count of everything sent again. */
const INFO = { size: 104, rttUs: 68, totalRetrans: 100 } as const;
const ESTABLISHED = 1;
const SYN_SENT = 2;
const CLOSE_WAIT = 8;
/** Node cannot wait for an epoll, so it is looked at: often while an answer is young, seldom for who does not answer. */
const SOONEST_LOOK_MS = 1;
const LATEST_LOOK_MS = 16;
/** Of the youngest question's age: an answer is seen late by at most that part of what it took. */
const LOOK_SHARE = 1 / 4;

export class Connector {
  readonly #epoll = new Epoll();
  readonly #sockets = new SpareSockets();
  readonly #pending = new Map<number, Pending>();
  /** Started in this turn. */
  readonly #fresh: Pending[] = [];
  readonly #to = { 4: socketAddressBuffer(4), 6: socketAddressBuffer(6) } as const;
  readonly #info = new Uint8Array(INFO.size);
  readonly #infoView = new DataView(this.#info.buffer);
  readonly #length = new Uint8Array(4);
  #youngestMs = 0;
  /** No pending one is overdue before it. */
  #overdueMs = Number.POSITIVE_INFINITY;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Throws OpError where device or mark are refused. When `stop` aborts the socket is gone, at the end of the turn in which it began or
   * at once, and the end is `timed-out`.
   */
  connect(to: Endpoint, way: Way, timeoutMs: number, stop: AbortSignal): Promise<ConnectEnd> {
    const family = familyOf(to.address) ?? 4;
    const startedMs = performance.now();
    if (stop.aborted) return Promise.resolve({ kind: 'timed-out', tookMs: 0 });
    const refused = (errno: number): Promise<ConnectEnd> =>
      Promise.resolve({ kind: 'failed', code: errnoName(errno), tookMs: performance.now() - startedMs });
    const fd = this.#sockets.take(family, way);
    if (fd < 0) return refused(-fd);
    const address = toSocketAddress(family, to.address, to.port, this.#to[family]);
    if (libc().connect(fd, address, address.length) !== 0) {
      const errno = lastErrno();
      if (errno !== ERRNO.EINPROGRESS) {
        libc().close(fd);
        return refused(errno);
      }
    }
    return new Promise((resolve) => {
      const deadlineMs = startedMs + timeoutMs;
      const pending: Pending = { fd, family, way, startedMs, deadlineMs, stop, resolve };
      this.#pending.set(fd, pending);
      this.#fresh.push(pending);
      // Once for all that start in this turn.
      this.#immediate ??= setImmediate(() => {
        this.#immediate = undefined;
        this.#lookAtFresh();
      });
    });
  }

  /** Ends what began in this turn and was stopped since, and keeps no socket: for who leaves the thread before the turn ends. */
  letGo(): void {
    for (const pending of this.#fresh.splice(0))
      if (pending.stop.aborted) this.#end(pending, 'timed-out');
      else this.#fresh.push(pending);
    this.#sockets.close();
  }

  /** Who is near has answered by now: nothing more needs to be made ready for it. */
  #lookAtFresh(): void {
    for (const pending of this.#fresh.splice(0)) {
      if (pending.stop.aborted) this.#end(pending, 'timed-out');
      else this.#judge(pending);
      if (this.#pending.get(pending.fd) === pending) this.#await(pending);
    }
    this.#look();
  }

  #await(pending: Pending): void {
    const { fd, startedMs, deadlineMs, stop } = pending;
    const errno = this.#epoll.add(fd);
    if (errno !== 0) {
      this.#end(pending, 'failed', undefined, errnoName(errno));
      return;
    }
    pending.onStop = () => this.#end(pending, 'timed-out');
    stop.addEventListener('abort', pending.onStop);
    this.#youngestMs = startedMs;
    this.#overdueMs = Math.min(this.#overdueMs, deadlineMs);
  }

  #look(): void {
    if (this.#pending.size === 0) return;
    for (const fd of this.#epoll.ready()) {
      const pending = this.#pending.get(fd);
      if (pending !== undefined) this.#judge(pending);
    }
    const nowMs = performance.now();
    if (nowMs >= this.#overdueMs) {
      this.#overdueMs = Number.POSITIVE_INFINITY;
      for (const pending of this.#pending.values()) {
        if (nowMs < pending.deadlineMs) {
          this.#overdueMs = Math.min(this.#overdueMs, pending.deadlineMs);
          continue;
        }
        // It may have answered in time, and this thread come late.
        this.#judge(pending);
        this.#end(pending, 'timed-out');
      }
    }
    this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    clearTimeout(this.#timer);
    if (this.#pending.size === 0) return;
    const waitMs = Math.min((nowMs - this.#youngestMs) * LOOK_SHARE, LATEST_LOOK_MS, this.#overdueMs - nowMs);
    this.#timer = setTimeout(() => this.#look(), Math.max(SOONEST_LOOK_MS, waitMs));
  }

  /** Ends it if the kernel has anything to say of it. */
  #judge(pending: Pending): void {
    const info = this.#infoView;
    const state = this.#option(pending.fd, IPPROTO_TCP, TCP_INFO, this.#info) ? this.#info[0] : undefined;
    if (state === ESTABLISHED || state === CLOSE_WAIT) {
      const isFirst = info.getUint32(INFO.totalRetrans, true) === 0;
      // Its own measure of the handshake knows nothing of when we looked. It is of the last try only.
      this.#end(pending, 'connected', isFirst ? info.getUint32(INFO.rttUs, true) / 1000 : undefined);
      return;
    }
    if (state === SYN_SENT) return;
    const errno = this.#option(pending.fd, SOL_SOCKET, SO_ERROR, this.#info) ? info.getInt32(0, true) : 0;
    if (errno === 0) return;
    const code = errnoName(errno);
    // Nobody resets a connection that was not there: this one had been accepted. Refusing is ECONNREFUSED.
    if (code === 'ECONNRESET' || code === 'EPIPE') this.#end(pending, 'connected');
    else this.#end(pending, 'failed', undefined, code);
  }

  #option(fd: number, level: number, name: number, into: Uint8Array): boolean {
    this.#length[0] = into.length;
    return libc().getsockopt(fd, level, name, into, this.#length) === 0;
  }

  #end(pending: Pending, kind: ConnectEnd['kind'], measuredMs?: number, code = ''): void {
    const { fd, family, way, stop, onStop, startedMs, resolve } = pending;
    if (!this.#pending.delete(fd)) return;
    if (onStop !== undefined) {
      stop.removeEventListener('abort', onStop);
      this.#epoll.remove(fd);
    }
    if (kind === 'connected') this.#sockets.giveBack(fd, family, way);
    else libc().close(fd);
    if (this.#pending.size === 0) this.#rest();
    const tookMs = measuredMs ?? performance.now() - startedMs;
    resolve(kind === 'failed' ? { kind, code, tookMs } : { kind, tookMs });
  }

  /** Nothing is held while nothing is asked. */
  #rest(): void {
    this.#epoll.close();
    clearTimeout(this.#timer);
    this.#overdueMs = Number.POSITIVE_INFINITY;
  }
}

// One secured connection between two nodes: bytes in, bytes out, no faster than allowed and never more than the peer takes.
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { FlowNews, FlowTable } from '../../model/flow.ts';
import type { GroupReport } from './flow-message.ts';
import { Replication } from './replication.ts';

export interface SyncLinkOptions {
  readonly clock: Clock;
  readonly node: string;
  readonly table: FlowTable;
  readonly pulls: boolean;
  epoch(): number;
  onComplete(flows: number): void;
  onRoles(node: string, groups: readonly GroupReport[]): void;
  /** Told once. `refused`: connecting again would end the same way. */
  onEnd(why: string, refused: boolean): void;
}

/** 100 Mbit/s: a hundred thousand flows in a third of a second, and room for everything else on the wire. */
const BYTES_PER_SECOND = 12_500_000;
/** Bytes that may go at once. */
const BURST = 1 << 20;
/** Both sides speak once a second: one that is silent is cut off, in one direction perhaps. */
const SILENCE_MS = 3000;

export class SyncLink {
  readonly #socket: TLSSocket;
  readonly #options: SyncLinkOptions;
  readonly #replication: Replication;
  #allowance = BURST;
  #countedMs: number;
  #isFull = false;
  #cancelResume: (() => void) | undefined;
  #cancelSilence: () => void = () => {};
  #hasHeard = false;
  #isOver = false;

  constructor(socket: TLSSocket, options: SyncLinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#countedMs = options.clock.monotonicMs();
    socket.setNoDelay(true);
    socket.setTimeout(0);
    this.#replication = new Replication({
      ...options,
      epoch: () => options.epoch(),
      send: (bytes) => this.#send(bytes),
      onComplete: (flows) => options.onComplete(flows),
      onRoles: (node, groups) => options.onRoles(node, groups),
      onRefused: (why) => this.#end(why, true),
    });
    this.#listen();
    socket.on('data', (bytes: Buffer) => {
      this.#hasHeard = true;
      this.#replication.receive(bytes);
    });
    socket.on('drain', () => {
      this.#isFull = false;
      this.#resume();
    });
    socket.on('error', (error) => this.#end(error.message, false));
    socket.on('close', () => this.#end('the peer closed the connection', false));
  }

  get backlog(): number {
    return this.#replication.backlog;
  }

  tell(news: FlowNews): void {
    if (!this.#isOver) this.#replication.tell(news);
  }

  tellRoles(groups: readonly GroupReport[]): void {
    if (!this.#isOver) this.#replication.tellRoles(groups);
  }

  close(): void {
    this.#isOver = true;
    this.#cancelResume?.();
    this.#cancelSilence();
    this.#socket.destroy();
  }

  /** The socket's own timeout counts what we write too, and we write every second. */
  #listen(): void {
    this.#hasHeard = false;
    this.#cancelSilence = this.#options.clock.after(SILENCE_MS, () => {
      if (this.#hasHeard) this.#listen();
      else this.#end(`nothing was heard for ${SILENCE_MS / 1000} s`, false);
    });
  }

  #send(bytes: Uint8Array): boolean {
    if (this.#isOver) return false;
    this.#refill();
    this.#allowance -= bytes.length;
    if (!this.#socket.write(bytes)) this.#isFull = true;
    if (this.#allowance > 0) return !this.#isFull;
    this.#cancelResume ??= this.#options.clock.after(
      Math.ceil((-this.#allowance / BYTES_PER_SECOND) * 1000) + 1,
      () => {
        this.#cancelResume = undefined;
        this.#resume();
      },
    );
    return false;
  }

  #refill(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const earned = ((nowMs - this.#countedMs) / 1000) * BYTES_PER_SECOND;
    this.#allowance = Math.min(BURST, this.#allowance + earned);
    this.#countedMs = nowMs;
  }

  #resume(): void {
    this.#refill();
    if (!this.#isOver && !this.#isFull && this.#cancelResume === undefined) this.#replication.resume();
  }

  #end(why: string, refused: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelResume?.();
    this.#cancelSilence();
    // What was written, a farewell perhaps, still goes out.
    this.#socket.end();
    this.#options.clock.after(500, () => this.#socket.destroy());
    this.#options.onEnd(why, refused);
  }
}

// A netlink socket for questions and commands. The kernel answers inside send(), so replies are waiting when it returns
// and are read at once on this thread: 20 us for a command, where a hop through a Worker costs 120 us (decision 0010).
import { readAck, readDone } from '../../wire/netlink/ack.ts';
import { FLAG, MESSAGE_TYPE, type NetlinkMessage, readMessages } from '../../wire/netlink/message.ts';
import { MessageWriter } from '../../wire/netlink/message-writer.ts';
import { ERRNO } from '../native/errno.ts';
import { AF, int32, NativeSocket, SOCK } from '../native/socket.ts';
import { type Failure, toOpError } from '../op-error.ts';
import { isDebugging, printTraffic } from './debug.ts';

/** NETLINK_* */
export const NETLINK = { route: 0, netfilter: 12, generic: 16 } as const;

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
/** Room for the errors of a whole batch and for large dumps; a full buffer loses answers (ENOBUFS). */
const RECEIVE_QUEUE = 8 << 20;
/** The kernel fills up to 32 kB a read where the reader offers as much. */
const READ_SIZE = 128 << 10;
/** Bytes a send: a few hundred commands, some milliseconds in the kernel, then the event loop gets its turn. */
const BATCH_BYTES = 64 << 10;
const ANSWER_TIMEOUT_MS = 2000;
const DUMP_TRIES = 5;

export interface Operation {
  readonly op: string;
  readonly target?: string;
}

/** Writes one request, with the sequence number given; its flags carry at least NLM_F_REQUEST. */
export type WriteRequest = (writer: MessageWriter, sequence: number) => void;

export class NetlinkSocket {
  readonly #socket: NativeSocket;
  readonly #writer = new MessageWriter(BATCH_BYTES + 4096);
  readonly #buffer: Uint8Array;
  #sequence = 0;

  /** The kernel makes a buffer of `readSize` (32 kB at most) for each part of a dump: small is quicker for small tables. */
  constructor(name: string, protocol: number, readSize = READ_SIZE) {
    this.#buffer = new Uint8Array(readSize);
    this.#socket = new NativeSocket(`netlink/${name}`, AF.netlink, SOCK.raw, protocol);
    // Forcing needs CAP_NET_ADMIN; without it the system's limit has to do.
    if (!this.#socket.tryOption(SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_QUEUE))) {
      this.#socket.tryOption(SOL_SOCKET, SO_RCVBUF, int32(RECEIVE_QUEUE));
    }
    this.#socket.tryOption(SOL_NETLINK, NETLINK_CAP_ACK, int32(1));
    this.#socket.tryOption(SOL_NETLINK, NETLINK_EXT_ACK, int32(1));
    const address = new Uint8Array(12);
    address[0] = AF.netlink;
    this.#socket.bind(address);
  }

  /** One question or command. The messages of the answer, copied; throws OpError where the kernel refuses. */
  request(operation: Operation, write: WriteRequest): readonly NetlinkMessage[] {
    const sequence = this.#begin();
    write(this.#writer, sequence);
    this.#writer.addFlags(FLAG.ack);
    this.#send();
    const replies: NetlinkMessage[] = [];
    this.#receive(operation, sequence, (message) => {
      if (message.type !== MESSAGE_TYPE.error) {
        replies.push({ ...message, body: message.body.slice() });
        return false;
      }
      this.#throwRefusal(operation, readAck(message));
      return true;
    });
    return replies;
  }

  /**
   * A command that the kernel may leave without an answer where all is well, with a question that it does answer sent along:
   * silence up to then is consent.
   */
  tell(operation: Operation, write: WriteRequest, question: WriteRequest): void {
    const failures: (Omit<Failure, 'op'> | undefined)[] = [];
    this.#sendChunk([write, question], 0, failures);
    if (failures[0] !== undefined) throw toOpError({ ...operation, ...failures[0] });
  }

  /** Reads a whole table. Starts again where it changed meanwhile (NLM_F_DUMP_INTR), so that the answer is of one moment. */
  dump<Row>(operation: Operation, write: WriteRequest, read: (message: NetlinkMessage) => Row): Row[] {
    for (let attempt = 1; attempt <= DUMP_TRIES; attempt++) {
      const rows = this.#dumpOnce(operation, write, read);
      if (rows !== undefined) return rows;
    }
    throw toOpError(
      { ...operation, errno: ERRNO.EAGAIN, kernelMessage: `changed during each of ${DUMP_TRIES} dumps` },
      { code: 'DRIVER_FAILED', retry: 'backoff', hint: 'Something else changes this table all the time' },
    );
  }

  /**
   * Many commands in few sends. The kernel works them off in order and speaks up only about those it refuses, so silence up
   * to the acknowledgement of the last one is consent. One failure or undefined per command, in order.
   */
  async batch(commands: readonly WriteRequest[]): Promise<(Omit<Failure, 'op'> | undefined)[]> {
    const failures: (Omit<Failure, 'op'> | undefined)[] = new Array(commands.length).fill(undefined);
    let done = 0;
    while (done < commands.length) {
      if (done > 0) await new Promise<void>((resolve) => setImmediate(resolve));
      done = this.#sendChunk(commands, done, failures);
    }
    return failures;
  }

  close(): void {
    this.#socket.close();
  }

  #sendChunk(
    commands: readonly WriteRequest[],
    from: number,
    failures: (Omit<Failure, 'op'> | undefined)[],
  ): number {
    this.#writer.reset();
    const base = this.#sequence + 1;
    let index = from;
    while (index < commands.length && this.#writer.length < BATCH_BYTES) {
      this.#sequence = (this.#sequence + 1) >>> 0;
      commands[index]!(this.#writer, this.#sequence);
      index += 1;
    }
    this.#writer.addFlags(FLAG.ack);
    const last = this.#sequence;
    this.#send();
    this.#receive({ op: 'batch' }, undefined, (message) => {
      if (message.type !== MESSAGE_TYPE.error) return false;
      const at = message.sequence - base;
      if (at < 0 || at >= index - from) return false;
      const ack = readAck(message);
      if (ack.errno !== 0) failures[from + at] = { errno: ack.errno, kernelMessage: ack.message };
      return message.sequence === last;
    });
    return index;
  }

  /** Undefined where the table changed under the dump. */
  #dumpOnce<Row>(
    operation: Operation,
    write: WriteRequest,
    read: (message: NetlinkMessage) => Row,
  ): Row[] | undefined {
    const sequence = this.#begin();
    write(this.#writer, sequence);
    this.#send();
    const rows: Row[] = [];
    let interrupted = false;
    this.#receive(operation, sequence, (message) => {
      if ((message.flags & FLAG.dumpInterrupted) !== 0) interrupted = true;
      if (message.type === MESSAGE_TYPE.done) {
        this.#throwRefusal(operation, readDone(message));
        return true;
      }
      if (message.type === MESSAGE_TYPE.error) {
        this.#throwRefusal(operation, readAck(message));
        return true;
      }
      if (!interrupted) rows.push(read(message));
      return false;
    });
    return interrupted ? undefined : rows;
  }

  #begin(): number {
    this.#writer.reset();
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }

  #send(): void {
    const bytes = this.#writer.finish();
    if (isDebugging) printTraffic(this.#socket.name, '>', bytes);
    this.#socket.send(bytes);
  }

  /** Hands over each message of the answer until one says it was the last. Late answers to earlier questions are skipped. */
  #receive(
    operation: Operation,
    sequence: number | undefined,
    isLast: (message: NetlinkMessage) => boolean,
  ): void {
    for (;;) {
      const length = this.#socket.receive(this.#buffer, false);
      if (length === -ERRNO.EINTR) continue;
      if (length === -ERRNO.EAGAIN) {
        if (this.#socket.readable(ANSWER_TIMEOUT_MS)) continue;
        throw toOpError({ ...operation, errno: ERRNO.ETIMEDOUT });
      }
      if (length < 0) throw toOpError({ ...operation, errno: -length });
      if (length > this.#buffer.length) throw toOpError({ ...operation, errno: ERRNO.ENOBUFS });
      const datagram = this.#buffer.subarray(0, length);
      if (isDebugging) printTraffic(this.#socket.name, '<', datagram);
      for (const message of readMessages(datagram)) {
        if (sequence !== undefined && message.sequence !== sequence) continue;
        if (isLast(message)) return;
      }
    }
  }

  #throwRefusal(operation: Operation, ack: { errno: number; message?: string }): void {
    if (ack.errno === 0) return;
    throw toOpError({ ...operation, errno: ack.errno, kernelMessage: ack.message });
  }
}

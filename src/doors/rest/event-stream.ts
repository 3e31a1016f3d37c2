// The event stream: server-sent events, resumed by Last-Event-ID, ended for a reader that cannot keep up.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventRing, Numbered, Resumed } from './event-ring.ts';
import { HttpError } from './problem.ts';

/** A comment line keeps proxies and readers from giving up. */
const HEARTBEAT_MS = 15_000;
const MOST_WATCHERS = 128;
/** A reader this far behind is cut off; it comes back with the last id it saw. */
const MOST_BEHIND_BYTES = 1024 * 1024;

export class EventStreams {
  readonly #ring: EventRing;
  readonly #open = new Set<ServerResponse>();

  constructor(ring: EventRing) {
    this.#ring = ring;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Ends before the first event after `holds` has become false. */
  open(request: FastifyRequest, reply: FastifyReply, holds: () => boolean = () => true): void {
    if (this.#open.size >= MOST_WATCHERS)
      throw new HttpError(
        429,
        'RATE_LIMITED',
        `Cannot open another event stream: ${MOST_WATCHERS} are open`,
        {
          headers: { 'retry-after': '10' },
        },
      );
    const since = request.headers['last-event-id'];
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': request.id,
    });
    raw.write('retry: 2000\n\n');
    if (typeof since === 'string' && since !== '') this.#resume(raw, this.#ring.after(since));
    const stop = this.#ring.watch((one) => {
      if (holds()) push(raw, one);
      else raw.end();
    });
    const heart = setInterval(() => {
      if (holds()) raw.write(': still here\n\n');
      else raw.end();
    }, HEARTBEAT_MS);
    this.#open.add(raw);
    raw.once('close', () => {
      stop();
      clearInterval(heart);
      this.#open.delete(raw);
    });
  }

  /** Whether a stream runs over this connection. */
  has(socket: Socket): boolean {
    return [...this.#open].some((raw) => raw.socket === socket);
  }

  closeWhere(isMeant: (socket: Socket) => boolean): void {
    for (const raw of this.#open) if (raw.socket !== null && isMeant(raw.socket)) raw.end();
  }

  close(): void {
    for (const raw of this.#open) raw.end();
  }

  #resume(raw: ServerResponse, { events, missed }: Resumed): void {
    if (missed !== 0)
      raw.write(`event: missed\ndata: ${JSON.stringify({ missed: missed ?? 'unknown' })}\n\n`);
    for (const one of events) push(raw, one);
  }
}

function push(raw: ServerResponse, { id, event }: Numbered): void {
  if (raw.writableEnded) return;
  if (raw.writableLength > MOST_BEHIND_BYTES) {
    raw.destroy();
    return;
  }
  // JSON has no line breaks of its own, so one "data:" line holds it all.
  raw.write(`id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
}

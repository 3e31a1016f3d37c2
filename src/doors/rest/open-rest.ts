// Opens the REST door of a running daemon: its unix socket, and TCP with TLS where the settings ask for it.
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Control } from '../../engine/control.ts';
import type { ApiSettings } from '../../model/settings.ts';
import type { Access, TcpState } from './access.ts';
import { type Actor, unixActor } from './actor.ts';
import { buildApp } from './build-app.ts';
import { type AuditEvent, EventRing } from './event-ring.ts';
import { EventStreams } from './event-stream.ts';
import { limited, SERVER_OPTIONS } from './http-server.ts';
import { Operations } from './operations.ts';
import { Pulse } from './pulse.ts';
import { TcpDoor } from './tcp-door.ts';
import type { TlsDoorOptions } from './tls-door.ts';
import { UnixDoor } from './unix-door.ts';

/** Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED). */
export interface UnixPeer {
  readonly uid: number;
  readonly pid: number;
}

export interface RestOptions {
  readonly access: Access;
  /** For the log: every write, whatever came of it, and where it stands in the chain. It also goes into the event stream. */
  readonly onAudit?: (event: AuditEvent & { readonly number: number; readonly hash: string }) => void;
  /** For the log: who did not get in over TCP, and what became of certificates. */
  readonly onRefused?: TlsDoorOptions['onRefused'];
  readonly onTls?: TlsDoorOptions['onTls'];
  /** For the log: faults of ours that a request met. */
  readonly onFault?: (error: unknown, requestId: string) => void;
  /** Asked once a connection with its file descriptor. Without it writes are audited as `unix`. */
  readonly unixPeer?: (fd: number) => UnixPeer | undefined;
  readonly nowMs?: () => number;
  readonly monotonicMs?: () => number;
}

export interface Rest {
  /** Path of the unix socket. */
  readonly address: string;
  /** The TCP door: where it is, and what is wrong with it. */
  tcp(): TcpState;
  /** Both doors as these settings want them. Rejects where the unix socket cannot be so; then it stays as it is. */
  setSettings(settings: ApiSettings): Promise<void>;
  /** Ends streams, lets running requests end, then closes. */
  close(): Promise<void>;
}

export async function openRest(control: Control, settings: ApiSettings, options: RestOptions): Promise<Rest> {
  const ring = new EventRing(control.startedMs);
  const stopEvents = control.onEvent((event) => ring.push(event));
  const streams = new EventStreams(ring);
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const { access } = options;
  const app = {
    tcp: () => tcp.state(),
    control,
    ring,
    streams,
    access,
    pulse: new Pulse(monotonicMs),
    operations: new Operations(options.nowMs ?? (() => Date.now())),
    nowMs: options.nowMs ?? (() => Date.now()),
    audit: (event: AuditEvent) => {
      const { kind: _, ...record } = event;
      const { number, hash } = access.audit.append(record);
      ring.push(event);
      options.onAudit?.({ ...event, number, hash });
    },
    onFault: options.onFault ?? (() => undefined),
  };
  const unix = new UnixDoor(streams, () =>
    buildApp({
      ...app,
      authenticate: unixActors(options.unixPeer),
      createServer: (handler) => limited(createServer(SERVER_OPTIONS, handler)),
    }),
  );
  try {
    await unix.setSettings(settings);
  } catch (error) {
    stopEvents();
    throw error;
  }
  const tcp = new TcpDoor(streams, {
    app,
    monotonicMs,
    authenticate: (token) => access.tokens.authenticate(token),
    holds: (id) => access.tokens.holds(id),
    onRefused: options.onRefused ?? (() => undefined),
    onTls: options.onTls ?? (() => undefined),
  });
  await tcp.setSettings(settings);
  return {
    get address() {
      return unix.address;
    },
    tcp: () => tcp.state(),
    async setSettings(wanted) {
      await Promise.all([unix.setSettings(wanted), tcp.setSettings(wanted)]);
    },
    async close() {
      stopEvents();
      streams.close();
      await Promise.all([unix.close(), tcp.close()]);
    },
  };
}

/** Asked once a connection: the other end of it does not change. */
function unixActors(peerOf: RestOptions['unixPeer']): (request: FastifyRequest) => Actor {
  const known = new WeakMap<Socket, Actor>();
  return ({ raw: { socket } }) => {
    const before = known.get(socket);
    if (before !== undefined) return before;
    const fd = (socket as Socket & { _handle?: { fd?: number } })._handle?.fd ?? -1;
    const peer = fd < 0 ? undefined : peerOf?.(fd);
    const actor = unixActor(peer);
    known.set(socket, actor);
    return actor;
  };
}

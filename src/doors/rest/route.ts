// What a route is: its words, who may use it, the strict shapes of what goes in and out, and what it does.
import { z } from 'zod';
import type { ObjectKind } from '../../engine/config-port.ts';
import type { Control } from '../../engine/control.ts';
import type { ApiRole } from '../../model/settings.ts';
import type { Access, TcpState } from './access.ts';
import type { Actor } from './actor.ts';
import type { EventRing } from './event-ring.ts';
import type { Operations } from './operations.ts';
import type { Pulse } from './pulse.ts';

export interface RouteContext {
  readonly control: Control;
  readonly ring: EventRing;
  readonly pulse: Pulse;
  readonly actor: Actor;
  readonly operations: Operations;
  readonly nowMs: () => number;
  readonly access: Access;
  readonly tcp: () => TcpState;
  /** For the audit of a write: how its object was and is. */
  readonly tellChange: (change: Change) => void;
  /** Of an operation: called when it begins to take effect; throws where it was called off before. */
  readonly begin?: () => void;
  /** The header "If-Match": which state of an object the caller means to change. */
  readonly ifMatch?: string;
}

/** An answer that says more than its body. */
export class Answer {
  readonly body: unknown;
  readonly status: number;
  /** Of the configuration of the object, for "If-Match"; the ETag begins with it. */
  readonly tag: string | undefined;
  readonly location: string | undefined;

  constructor(body: unknown, more: { status?: number; tag?: string; location?: string } = {}) {
    this.body = body;
    this.status = more.status ?? 200;
    this.tag = more.tag;
    this.location = more.location;
  }
}

export interface Change {
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A body of the configuration language: an object of this kind, a part of it to be merged, or a member. */
export type SpecBody = { readonly of: ObjectKind | 'member'; readonly part: boolean };

export interface Shapes {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
}

type In<S extends Shapes, K extends keyof Shapes> = S[K] extends z.ZodType ? z.output<S[K]> : undefined;

export interface Input<S extends Shapes> {
  readonly params: In<S, 'params'>;
  readonly query: In<S, 'query'>;
  readonly body: In<S, 'body'>;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** `/v1/pools/{pool}` */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly role: ApiRole;
  readonly shapes: Shapes;
  /** Absent: 204, nothing is said. */
  readonly reply?: z.ZodType;
  /** The answer carries an ETag and If-None-Match is honoured. */
  readonly etag: boolean;
  /** It heeds `actor.project`; others are closed to whoever is of one project. */
  readonly projects: boolean;
  /** With "?async=true" it is begun, and answered at once with an operation. */
  readonly long: boolean;
  /** It heeds "If-Match". */
  readonly conditional: boolean;
  /** What its body is made of: OpenAPI tells the keys of the configuration language. */
  readonly spec?: SpecBody;
  readonly handle: (input: Input<Shapes>, context: RouteContext) => unknown;
}

export interface RouteSpec<S extends Shapes> {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly role?: ApiRole;
  readonly shapes?: S;
  readonly reply?: z.ZodType;
  readonly etag?: boolean;
  readonly projects?: boolean;
  readonly long?: boolean;
  readonly conditional?: boolean;
  readonly spec?: SpecBody;
  readonly handle: (input: Input<S>, context: RouteContext) => unknown;
}

const asyncQuery = z.strictObject({
  async: z.enum(['true', 'false']).optional().describe('"true" answers 202 with an operation at once'),
});

export function route<S extends Shapes>(method: Route['method'], path: string, spec: RouteSpec<S>): Route {
  return {
    method,
    path,
    id: spec.id,
    summary: spec.summary,
    tag: spec.tag,
    role: spec.role ?? (method === 'GET' ? 'viewer' : 'operator'),
    shapes: spec.long === true ? { query: asyncQuery, ...spec.shapes } : (spec.shapes ?? {}),
    ...(spec.reply === undefined ? {} : { reply: spec.reply }),
    etag: spec.etag ?? false,
    projects: spec.projects ?? false,
    long: spec.long ?? false,
    conditional: spec.conditional ?? false,
    ...(spec.spec === undefined ? {} : { spec: spec.spec }),
    // The shapes have been checked when it is called.
    handle: spec.handle as unknown as Route['handle'],
  };
}

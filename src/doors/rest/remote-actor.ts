// Who asks over TCP: the bearer of a client certificate or of a token; failures are counted, slowed and shut out.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { API_ROLES, type ApiClient, type ApiRole } from '../../model/settings.ts';
import type { Actor } from './actor.ts';
import { Lockout } from './lockout.ts';
import { HttpError } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';

export interface KnownToken {
  readonly id: string;
  readonly name: string;
  readonly role: ApiRole;
  readonly project?: string;
}

export interface RemoteActorOptions {
  readonly authenticate: (token: string) => KnownToken | 'unknown' | 'expired' | 'revoked';
  /** Whether the token of this id still does. */
  readonly holds: (id: string) => boolean;
  readonly clients: readonly ApiClient[];
  readonly limit: RateLimit;
  readonly monotonicMs: () => number;
  /** For the log: an attempt that failed, without what was presented. */
  readonly onRefused: (refused: { readonly address: string; readonly why: string }) => void;
}

/** A certificate whose subject has this unit says its role itself: our own authority writes it. */
const UNIT = /^lbctl-(\w+)$/;
const CHALLENGE = { 'www-authenticate': 'Bearer realm="lbctl"' };

export function remoteActors(options: RemoteActorOptions): (request: FastifyRequest) => Promise<Actor> {
  const { limit, monotonicMs } = options;
  const lockout = new Lockout();
  const refuse = async (address: string, status: 401 | 403, why: string, hint: string): Promise<never> => {
    const { slowMs } = lockout.verdict(address, monotonicMs());
    lockout.failed(address, monotonicMs());
    options.onRefused({ address, why });
    if (slowMs > 0) await sleep(slowMs);
    throw new HttpError(status, 'DENIED', `Cannot say who asks: ${why}`, {
      hint,
      ...(status === 401 ? { headers: CHALLENGE } : {}),
    });
  };
  return async (request) => {
    const socket = request.raw.socket as TLSSocket;
    const address = socket.remoteAddress ?? '';
    const certificate = socket.getPeerCertificate(false) as DetailedPeerCertificate | undefined;
    const hasCertificate = certificate !== undefined && Object.keys(certificate).length > 0;
    const { authorization } = request.headers;
    let actor: Actor | undefined;
    if (hasCertificate && socket.authorized) {
      actor = ofCertificate(certificate, options.clients);
      if (actor === undefined)
        return refuse(
          address,
          403,
          'the certificate has no role here',
          'Name it in api.tls.clients, or issue one with "lbctl pki issue client --role"',
        );
    } else {
      const { shutMs } = lockout.verdict(address, monotonicMs());
      if (shutMs > 0) throw tooMany('too many attempts failed', shutMs);
      if (hasCertificate)
        return refuse(
          address,
          401,
          `the certificate is refused (${socket.authorizationError ?? 'unknown'})`,
          'Use a certificate of api.tls.client_ca that is valid and not revoked',
        );
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined)
        return refuse(
          address,
          401,
          'there is no token and no certificate',
          'Send "Authorization: Bearer TOKEN"',
        );
      const known = options.authenticate(token);
      if (typeof known === 'string')
        return refuse(
          address,
          401,
          `the token is ${known}`,
          'Make one with "lbctl token create" on the node',
        );
      lockout.succeeded(address);
      const { id, name, role, project } = known;
      actor = {
        name: `token:${name}`,
        role,
        ...(project === undefined ? {} : { project }),
        holds: () => options.holds(id),
      };
    }
    const waitMs = limit.take(actor.name, monotonicMs());
    if (waitMs > 0) throw tooMany(`"${actor.name}" asks too often`, waitMs);
    return actor;
  };
}

function ofCertificate(
  { subject }: DetailedPeerCertificate,
  clients: readonly ApiClient[],
): Actor | undefined {
  const name = wordOf(subject.CN);
  if (name === undefined) return undefined;
  const listed = clients.find((one) => one.name === name);
  const role = listed?.role ?? roleOf(subject.OU as string | string[] | undefined);
  if (role === undefined) return undefined;
  return {
    name: `cert:${name}`,
    role,
    ...(listed?.project === undefined ? {} : { project: listed.project }),
  };
}

/** Two of them in one subject are one too many to trust. */
function roleOf(units: string | readonly string[] | undefined): ApiRole | undefined {
  const words = [units ?? []].flat().flatMap((unit) => UNIT.exec(unit)?.[1] ?? []);
  return words.length === 1 ? API_ROLES.find((role) => role === words[0]) : undefined;
}

function wordOf(name: unknown): string | undefined {
  return typeof name === 'string' && name !== '' && name.length <= 128 ? name : undefined;
}

function tooMany(why: string, waitMs: number): HttpError {
  return new HttpError(429, 'RATE_LIMITED', `Cannot answer now as ${why}`, {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) },
  });
}

// Who asks: a name for the history and the audit, a role for what may be done, a project for whose objects.
import { API_ROLES, type ApiRole } from '../../model/settings.ts';

export interface Actor {
  /** `unix:uid=0,pid=123`, `token:ci`, `cert:CN`. */
  readonly name: string;
  readonly role: ApiRole;
  /** Absent: of the whole node. */
  readonly project?: string;
  /** False once what it showed has ended: a stream outlives the moment it was looked at. */
  readonly holds?: () => boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before a route runs; null only while it is not yet known who asks. */
    actor: Actor | null;
  }
}

/** The mode and group of the socket say who gets in; whoever does is admin. */
export function unixActor(peer?: { readonly uid: number; readonly pid: number }): Actor {
  const name = peer === undefined ? 'unix' : `unix:uid=${peer.uid},pid=${peer.pid}`;
  return { name, role: 'admin' };
}

export function mayUse(role: ApiRole, needed: ApiRole): boolean {
  return API_ROLES.indexOf(role) >= API_ROLES.indexOf(needed);
}

// What an operator may not put into an object though it is valid: it would run programs, or read files, as the daemon.
import { InputError } from '../../model/errors.ts';
import type { Actor } from './actor.ts';

/** Programs, lines for the proxy that nobody checks, and where secrets are read from. */
const ADMIN_KEYS: ReadonlySet<string> = new Set(['raw', 'on_up', 'on_down', 'command', 'environment', 'env']);

export function requireRights(actor: Actor, spec: unknown): void {
  if (actor.role === 'admin') return;
  const key = adminKeyIn(spec);
  if (key === undefined) return;
  throw new InputError('DENIED', `Cannot set "${key}" as "${actor.name}": role is "${actor.role}"`, {
    hint: 'It runs a program or reads the environment of the daemon: role "admin" may set it',
  });
}

function adminKeyIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = ADMIN_KEYS.has(key) && !Array.isArray(value) ? key : adminKeyIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

// What a caller may not put into an object though it is valid: it would run programs or read files as the daemon, or reach beyond
// the project of whoever writes it.
import type { ObjectKind } from '../../engine/config-port.ts';
import { InputError } from '../../model/errors.ts';
import type { Actor } from './actor.ts';

/** Programs, lines for the proxy that nobody checks, and where secrets are read from. */
const ADMIN_KEYS: ReadonlySet<string> = new Set(['raw', 'on_up', 'on_down', 'command', 'environment', 'env']);
/** Files of the node, its interfaces and marks, addresses that packets go out with, traffic and rows that somebody else made. */
const NODE_KEYS: ReadonlySet<string> = new Set([
  ...ADMIN_KEYS,
  ...['file', 'ca', 'crl', 'client_ca', 'client_crl'],
  ...['interface', 'group', 'manage', 'advertise', 'device', 'mark', 'source', 'source_addresses', 'adopt'],
]);
/** Of a certificate: paths. Elsewhere "certificate" is a name and "key" a header. */
const FILES_OF_CERTIFICATE = ['certificate', 'key'];

export function requireRights(actor: Actor, spec: unknown, kind?: ObjectKind): void {
  if (actor.project !== undefined) {
    const key = keyIn(spec, NODE_KEYS) ?? (kind === 'certificate' ? fileKeyIn(spec) : undefined);
    if (key === undefined) return;
    throw new InputError(
      'DENIED',
      `Cannot set "${key}" as "${actor.name}": it is of project "${actor.project}"`,
      { hint: 'It reaches beyond the project: a caller of the whole node may set it' },
    );
  }
  if (actor.role === 'admin') return;
  const key = keyIn(spec, ADMIN_KEYS);
  if (key === undefined) return;
  throw new InputError('DENIED', `Cannot set "${key}" as "${actor.name}": role is "${actor.role}"`, {
    hint: 'It runs a program or reads the environment of the daemon: role "admin" may set it',
  });
}

function fileKeyIn(spec: unknown): string | undefined {
  return FILES_OF_CERTIFICATE.find((key) => typeof spec === 'object' && spec !== null && key in spec);
}

function keyIn(value: unknown, keys: ReadonlySet<string>): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = keys.has(key) && !Array.isArray(value) ? key : keyIn(inner, keys);
    if (found !== undefined) return found;
  }
  // A check of a file reads it, however it is spelt.
  return keys === NODE_KEYS && 'type' in value && value.type === 'file' ? 'type' : undefined;
}

// What an elector writes: the same words as through the API, with the same meaning. Pure.
import { LONGEST_LEASE_MS } from '../engine/control.ts';
import { parseDuration } from '../lib/duration.ts';
import { InputError } from '../model/errors.ts';

export interface LeaseWord {
  readonly role: 'active' | 'standby';
  readonly epoch: number;
  readonly leaseMs: number;
}

/** Nobody needs more words than this. */
export const LONGEST_LEASE_FILE = 4096;

/** `ageMs`: how long ago it was written; a lease runs from then on. What is over is 0. */
export function readLease(text: string, ageMs: number): LeaseWord {
  const { role, epoch, lease } = parsed(text);
  if (role !== 'active' && role !== 'standby') throw refused('role', 'must be "active" or "standby"', role);
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0)
    throw refused('epoch', 'must be a whole number', epoch);
  const leaseMs = typeof lease === 'string' ? parseDuration(lease) : undefined;
  if (leaseMs === undefined || leaseMs < 1 || leaseMs > LONGEST_LEASE_MS)
    throw refused('lease', 'must be a time such as "3s", at most 1h', lease);
  return { role, epoch, leaseMs: Math.max(0, leaseMs - Math.max(0, ageMs)) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new InputError('USAGE', 'Cannot read the lease as it is no JSON object', {
    hint: 'Write {"role":"active","epoch":7,"lease":"3s"} into a new file and rename it',
  });
}

function refused(name: string, rule: string, value: unknown): InputError {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
  return new InputError('USAGE', `Cannot take the lease as "${name}" ${rule}: current value is ${shown}`, {
    hint: 'Write {"role":"active","epoch":7,"lease":"3s"}',
  });
}

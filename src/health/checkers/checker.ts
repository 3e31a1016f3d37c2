// What a checker is: one question, one answer before the deadline, nothing left behind.
import type { CheckDetail, HealthCheck } from '../../model/health-check.ts';

export type CheckOutcome =
  | { readonly ok: true /** Absolute weight of a dynamic check. */; readonly weight?: number }
  | { readonly ok: false; readonly error: string };

export const PASSED: CheckOutcome = { ok: true };

export function failed(error: string): CheckOutcome {
  return { ok: false, error };
}

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** The check of that type; `http` and `https` are one variant of the union, so plain Extract would miss it. */
export type CheckOf<T extends CheckDetail['type']> = HealthCheck & VariantOf<CheckDetail, T>;
type VariantOf<D, T> = D extends { readonly type: infer U } ? (T extends U ? D : never) : never;

/**
 * Never throws and never outlives its signal: when that aborts (timeout, probe removed, shutdown) every socket, process
 * and timer of the check is gone, and the outcome says what it was waiting for.
 */
export type Checker<T extends CheckDetail['type']> = (
  check: CheckOf<T>,
  target: Target,
  signal: AbortSignal,
) => Promise<CheckOutcome>;

/** A reason a person understands from a socket error, without addresses that differ on every try. */
export function reasonOf(error: unknown): string {
  const { code, message, op } = error as { code?: string; message?: string; op?: { errno?: string } };
  const unreachable = op?.errno?.endsWith('UNREACH') ? op.errno : undefined;
  return SOCKET_REASONS[unreachable ?? code ?? ''] ?? message ?? String(error);
}

/** Why a file cannot be read or run. */
export function pathReason(code: string | undefined): string {
  return PATH_REASONS[code ?? ''] ?? code ?? 'unknown error';
}

const PATH_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'its permissions forbid it',
  EISDIR: 'it is a directory',
  ENOEXEC: 'it is no program',
};

const SOCKET_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by the member',
  EHOSTUNREACH: 'No route to the member',
  ENETUNREACH: 'No route to the network of the member',
  ETIMEDOUT: 'Connection timed out',
  EPIPE: 'The member closed the connection while we were sending',
  EADDRNOTAVAIL: 'The source address is not on this node, or it has no free port left',
  EMFILE: 'Out of file descriptors: raise LimitNOFILE or check fewer members',
  ENOTFOUND: 'The name does not resolve',
  EAI_AGAIN: 'The resolver does not answer',
  EACCES: 'Not permitted',
  EPERM: 'Not permitted by a local firewall rule, or a capability is missing',
};

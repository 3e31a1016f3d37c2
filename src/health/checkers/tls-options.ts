// TLS towards a member: what to ask of it, and a verdict on the certificate it shows.
import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { trustSystem } from '../../kernel/system-trust.ts';
import type { TlsCheckOptions } from '../../model/health-check.ts';
import { reasonOf } from './checker.ts';

const DAY_MS = 86_400_000;

/** Over a connection, or over one that is still being made. */
export function connectTls(socket: Socket, tls: TlsCheckOptions | undefined): TLSSocket {
  if (tls?.verify && tls.ca === undefined) trustSystem();
  const options: ConnectionOptions = {
    socket,
    // Verified by us after the handshake, so that the reason can be told in full.
    rejectUnauthorized: false,
    // Every check is a full handshake: a resumed session would not prove that the member can make one.
    session: undefined,
    ...(tls?.sni === undefined ? {} : { servername: tls.sni }),
    ...(tls?.ca === undefined ? {} : { ca: readCached(tls.ca) }),
    ...(tls?.clientCertificate === undefined ? {} : { cert: readCached(tls.clientCertificate) }),
    ...(tls?.clientKey === undefined ? {} : { key: readCached(tls.clientKey) }),
    ...(tls === undefined || tls.alpn.length === 0 ? {} : { ALPNProtocols: [...tls.alpn] }),
  };
  return connect(options);
}

/** What is wrong with the certificate, or undefined. Call it after `secureConnect`. */
export function certificateFault(
  socket: TLSSocket,
  tls: TlsCheckOptions | undefined,
  nowMs = Date.now(),
): string | undefined {
  if (tls === undefined) return undefined;
  if (tls.verify && !socket.authorized) {
    return `The certificate does not verify: ${String(socket.authorizationError)}`;
  }
  if (tls.minDaysLeft <= 0) return undefined;
  const certificate = socket.getPeerCertificate();
  const daysLeft = (Date.parse(certificate.valid_to) - nowMs) / DAY_MS;
  if (daysLeft >= tls.minDaysLeft) return undefined;
  return daysLeft < 0
    ? `The certificate expired on ${certificate.valid_to}`
    : `The certificate ends in ${Math.floor(daysLeft)} days, on ${certificate.valid_to}: wanted ${tls.minDaysLeft}`;
}

/** A TLS failure in words; OpenSSL's own are long and carry addresses of memory. */
export function tlsReason(error: unknown): string {
  const { code, reason } = error as { code?: string; reason?: string };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || reason === 'wrong version number') {
    return 'The member does not speak TLS on this port';
  }
  if (code === 'ECONNRESET') return 'The member closed the connection during the TLS handshake';
  return reason === undefined ? reasonOf(error) : `TLS handshake failed: ${reason}`;
}

interface CachedFile {
  readonly mtimeMs: number;
  readonly content: Buffer;
}

const files = new Map<string, CachedFile>();

/** A file read again only when it changed: certificates are renewed under our feet, checks run thousands of times. */
function readCached(path: string): Buffer {
  const { mtimeMs } = statSync(path);
  const known = files.get(path);
  if (known?.mtimeMs === mtimeMs) return known.content;
  const content = readFileSync(path);
  files.set(path, { mtimeMs, content });
  return content;
}

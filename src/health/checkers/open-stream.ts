// A connected stream to the member, secured where asked: the beginning of every check that speaks a protocol on top.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HealthCheck, TlsCheckOptions } from '../../model/health-check.ts';
import type { Target } from './checker.ts';
import { certificateFault, connectTls, tlsReason } from './tls-options.ts';
import { connectPlain } from './way.ts';

/** What a check is waiting for, told when its time is over. */
export interface Progress {
  waitingFor: string;
}

/** Rejects with a message for people; the socket is destroyed then. `tls` undefined means in clear. */
export function openStream(
  check: HealthCheck,
  tls: TlsCheckOptions | undefined,
  target: Target,
  signal: AbortSignal,
  progress: Progress,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const plain = connectPlain(check, target);
    const socket = tls === undefined ? plain : connectTls(plain, tls);
    const settle = (fault: Error | undefined): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      if (fault === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => {});
      socket.destroy();
      reject(fault);
    };
    const onAbort = (): void => settle(new Error('aborted'));

    progress.waitingFor = 'the connection';
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', (error) => settle(tls === undefined ? error : new Error(tlsReason(error))));
    if (tls === undefined) {
      socket.once('connect', () => settle(undefined));
      return;
    }
    plain.once('connect', () => {
      progress.waitingFor = 'the TLS handshake';
    });
    socket.once('secureConnect', () => {
      const fault = certificateFault(socket as TLSSocket, tls);
      settle(fault === undefined ? undefined : new Error(fault));
    });
  });
}

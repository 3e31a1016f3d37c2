// tls-hello: the member completes a TLS handshake; with `verify` and `min_days_left`, its certificate is good too.
import { type Checker, type CheckOutcome, failed, PASSED } from './checker.ts';
import { certificateFault, connectTls, tlsReason } from './tls-options.ts';
import { connectPlain } from './way.ts';

export const checkTlsHello: Checker<'tls-hello'> = (check, target, signal) =>
  new Promise<CheckOutcome>((resolve) => {
    const plain = connectPlain(check, target);
    const socket = connectTls(plain, check.tls);
    let waitingFor = 'the connection';

    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => finish(failed(`Timed out waiting for ${waitingFor}`));

    signal.addEventListener('abort', onAbort);
    plain.once('connect', () => {
      waitingFor = 'the TLS handshake';
    });
    socket.on('error', (error) => finish(failed(tlsReason(error))));
    socket.on('secureConnect', () => {
      const fault = certificateFault(socket, check.tls);
      finish(fault === undefined ? PASSED : failed(fault));
    });
  });

// udp: a datagram gets the expected reply; without a required reply, only an ICMP error within the timeout fails.
import { type Checker, type CheckOf, type CheckOutcome, failed, PASSED, reasonOf } from './checker.ts';
import { excerpt } from './tcp.ts';
import { connectDatagram } from './way.ts';

export const checkUdp: Checker<'udp'> = (check, target, signal) =>
  new Promise<CheckOutcome>((resolve) => {
    const socket = connectDatagram(check, target, () => socket.send(Buffer.from(check.payload, 'hex')));
    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    // Silence proves nothing against a member that need not reply: no ICMP error came in the whole timeout.
    const onAbort = (): void =>
      finish(check.requireReply ? failed('Timed out waiting for the reply') : PASSED);

    signal.addEventListener('abort', onAbort);
    socket.on('error', (error) => {
      const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      finish(failed(refused ? 'Port unreachable (ICMP)' : reasonOf(error)));
    });
    socket.on('message', (reply) => finish(verdictOn(reply, check)));
  });

function verdictOn(reply: Buffer, check: CheckOf<'udp'>): CheckOutcome {
  if (reply.length < check.minReplyBytes || reply.length > check.maxReplyBytes) {
    return failed(
      `The reply has ${reply.length} bytes: wanted ${check.minReplyBytes}-${check.maxReplyBytes}`,
    );
  }
  const text = reply.toString('latin1');
  if (check.expect === undefined || new RegExp(check.expect, 's').test(text)) return PASSED;
  return failed(`The reply does not match /${check.expect}/: got "${excerpt(text)}"`);
}

// smtp: the member greets, takes our EHLO (or HELO), and starts TLS where asked; then we leave politely.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Checker, type CheckOutcome, failed, PASSED, reasonOf } from './checker.ts';
import { excerpt } from './tcp.ts';
import { certificateFault, connectTls, tlsReason } from './tls-options.ts';
import { connectPlain } from './way.ts';

/** A banner of more than this is no mail server's. */
const MAX_REPLY_BYTES = 16 * 1024;

type Phase = 'greeting' | 'answer to EHLO' | 'answer to HELO' | 'answer to STARTTLS' | 'TLS handshake';

export const checkSmtp: Checker<'smtp'> = (check, target, signal) =>
  new Promise<CheckOutcome>((resolve) => {
    const plain = connectPlain(check, target);
    let phase: Phase = 'greeting';
    let received = '';
    let secured: TLSSocket | undefined;

    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      for (const socket of [secured, plain]) close(socket, outcome.ok);
      resolve(outcome);
    };
    const onAbort = (): void => finish(failed(`Timed out waiting for the ${phase}`));
    const say = (line: string, next: Phase): void => {
      received = '';
      phase = next;
      plain.write(`${line}\r\n`);
    };
    const secure = (): void => {
      phase = 'TLS handshake';
      plain.removeAllListeners('data');
      secured = connectTls(plain, check.tls);
      secured.on('error', (error) => finish(failed(tlsReason(error))));
      secured.on('secureConnect', () => {
        const fault = certificateFault(secured!, check.tls);
        finish(fault === undefined ? PASSED : failed(fault));
      });
    };

    signal.addEventListener('abort', onAbort);
    plain.on('error', (error) => finish(failed(reasonOf(error))));
    plain.on('end', () => finish(failed(`The member closed the connection before the ${phase}`)));
    plain.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (received.length > MAX_REPLY_BYTES)
        return finish(failed(`The ${phase} is longer than ${MAX_REPLY_BYTES} bytes`));
      const code = replyCode(received);
      if (code === undefined) return;
      switch (phase) {
        case 'greeting':
          return code === 220
            ? say(`EHLO ${check.helo}`, 'answer to EHLO')
            : finish(refused(phase, received));
        case 'answer to EHLO':
          if (code !== 250 && !check.startTls) return say(`HELO ${check.helo}`, 'answer to HELO');
          if (code !== 250) return finish(refused(phase, received));
          if (!check.startTls) return finish(PASSED);
          if (!/^250[ -]STARTTLS\s*$/im.test(received))
            return finish(failed('The member does not offer STARTTLS'));
          return say('STARTTLS', 'answer to STARTTLS');
        case 'answer to HELO':
          return finish(code === 250 ? PASSED : refused(phase, received));
        case 'answer to STARTTLS':
          return code === 220 ? secure() : finish(refused(phase, received));
        case 'TLS handshake':
          return;
      }
    });
  });

/** The code of a complete reply: its last line has a space after the code. Lines that are no reply count as 0. */
export function replyCode(text: string): number | undefined {
  if (!text.endsWith('\n')) return undefined;
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const match = /^(\d{3})(?:([ -])|$)/.exec(last.trimEnd());
  if (match === null) return 0;
  return match[2] === '-' ? undefined : Number(match[1]);
}

function refused(phase: Phase, received: string): CheckOutcome {
  return failed(`The ${phase} was "${excerpt(received.trimEnd())}"`);
}

function close(socket: Socket | undefined, polite: boolean): void {
  if (socket === undefined) return;
  socket.removeAllListeners();
  socket.on('error', () => {});
  // QUIT keeps the member's log free of "lost connection"; we do not wait for its answer.
  if (polite) socket.end('QUIT\r\n');
  else socket.destroy();
  socket.unref();
  socket.setTimeout(1000, () => socket.destroy());
}

// http and https: every request of the check is answered with an expected code, and body where asked for.
import type { Socket } from 'node:net';
import type { HttpRequest, TlsCheckOptions } from '../../model/health-check.ts';
import { endpointKey } from '../../model/keys.ts';
import { NoHttp } from '../../wire/http1/head.ts';
import {
  type Checker,
  type CheckOf,
  type CheckOutcome,
  failed,
  PASSED,
  reasonOf,
  type Target,
} from './checker.ts';
import { closeProbe } from './close-probe.ts';
import { answerFault } from './http-answer.ts';
import { askHttp1 } from './http1.ts';
import { askHttp2 } from './http2.ts';
import { openStream } from './open-stream.ts';

type HttpCheck = CheckOf<'http' | 'https'>;

/** Requests go one after another: the first that fails names the reason. */
export const checkHttp: Checker<'http' | 'https'> = async (check, target, signal) => {
  for (const request of check.requests) {
    const outcome = await checkOne(check, request, target, signal);
    if (!outcome.ok) return outcome;
  }
  return PASSED;
};

async function checkOne(
  check: HttpCheck,
  request: HttpRequest,
  target: Target,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const progress = { waitingFor: 'the connection' };
  let socket: Socket | undefined;
  try {
    socket = await openStream(check, tlsFor(check), target, signal, progress);
    progress.waitingFor = `the answer to ${request.method} ${request.path}`;
    const ask = check.version === '2' ? askHttp2 : askHttp1;
    const answer = await ask(check, request, hostHeader(check, target), socket, signal);
    const fault = answerFault(answer, request);
    return fault === undefined ? PASSED : failed(fault);
  } catch (error) {
    if (signal.aborted) return failed(`Timed out waiting for ${progress.waitingFor}`);
    return failed(httpReason(error));
  } finally {
    if (socket !== undefined) close(check, socket);
  }
}

/** TLS and HTTP/2 end a connection in their own ways. */
function close(check: HttpCheck, socket: Socket): void {
  if (check.type === 'http' && check.version !== '2') closeProbe(socket);
  else socket.on('error', () => {}).destroy();
}

/** What https asks of TLS: the check's own options, with the ALPN its version needs. */
function tlsFor(check: HttpCheck): TlsCheckOptions | undefined {
  if (check.type === 'http') return undefined;
  const tls = check.tls ?? { verify: false, alpn: [], minDaysLeft: 0 };
  return check.version === '2' ? { ...tls, alpn: ['h2'] } : tls;
}

/** RFC 9110: the port is left out where it is the scheme's own. */
function hostHeader(check: HttpCheck, target: Target): string {
  if (check.host !== undefined) return check.host;
  const usual = check.type === 'https' ? 443 : 80;
  const name = endpointKey(target.address, target.port);
  return target.port === usual ? name.slice(0, name.lastIndexOf(':')) : name;
}

function httpReason(error: unknown): string {
  return error instanceof NoHttp ? `The answer is no HTTP: ${error.message}` : reasonOf(error);
}

// http and https: every request of the check is answered with an expected code, and body where asked for.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpRequest, TlsCheckOptions } from '../../model/health-check.ts';
import { endpointKey } from '../../model/keys.ts';
import {
  type Checker,
  type CheckOf,
  type CheckOutcome,
  failed,
  PASSED,
  reasonOf,
  type Target,
} from './checker.ts';
import { answerFault, type HttpAnswer, MAX_BODY_BYTES, needsBody } from './http-answer.ts';
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
    socket?.on('error', () => {});
    socket?.destroy();
  }
}

/** What https asks of TLS: the check's own options, with the ALPN its version needs. */
function tlsFor(check: HttpCheck): TlsCheckOptions | undefined {
  if (check.type === 'http') return undefined;
  const tls = check.tls ?? { verify: false, alpn: [], minDaysLeft: 0 };
  return check.version === '2' ? { ...tls, alpn: ['h2'] } : tls;
}

function askHttp1(
  _check: HttpCheck,
  request: HttpRequest,
  host: string,
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: request.path,
      headers: { host, 'user-agent': 'steelyard-check', connection: 'close', ...request.headers },
      signal,
      // The answer of a member is data of somebody else: bounded headers, strict parsing.
      maxHeaderSize: 32 * 1024,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      readBody(response, needsBody(request)).then(resolve, reject);
    });
    outgoing.end();
  });
}

async function readBody(response: IncomingMessage, wanted: boolean): Promise<HttpAnswer> {
  const code = response.statusCode ?? 0;
  if (!wanted) {
    response.destroy();
    return { code, body: Buffer.alloc(0), cut: true };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  return { code, body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES), cut: size > MAX_BODY_BYTES };
}

/** RFC 9110: the port is left out where it is the scheme's own. */
function hostHeader(check: HttpCheck, target: Target): string {
  if (check.host !== undefined) return check.host;
  const usual = check.type === 'https' ? 443 : 80;
  const name = endpointKey(target.address, target.port);
  return target.port === usual ? name.slice(0, name.lastIndexOf(':')) : name;
}

function httpReason(error: unknown): string {
  const { code } = error as { code?: string };
  if (code?.startsWith('HPE_')) return `The answer is no HTTP: ${code}`;
  if ((error as Error).message === 'socket hang up')
    return 'The member closed the connection without an answer';
  return reasonOf(error);
}

// One request over HTTP/2 on a socket that is already connected (ALPN h2, or prior knowledge in clear).
import { connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { HttpRequest } from '../../model/health-check.ts';
import type { CheckOf } from './checker.ts';
import { type HttpAnswer, MAX_BODY_BYTES, needsBody, noAnswer } from './http-answer.ts';

export function askHttp2(
  check: CheckOf<'http' | 'https'>,
  request: HttpRequest,
  host: string,
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const scheme = check.type === 'https' ? 'https' : 'http';
    const session = connect(`${scheme}://${host}`, { createConnection: () => socket });
    const stream = session.request({
      ':method': request.method,
      ':path': request.path,
      ':authority': host,
      ':scheme': scheme,
      'user-agent': 'steelyard-check',
      ...lowerCaseKeys(request.headers),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let code = 0;

    const finish = (): void => {
      session.destroy();
      if (code === 0) reject(noAnswer());
      else
        resolve({
          code,
          body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES),
          cut: size > MAX_BODY_BYTES,
        });
    };
    signal.addEventListener('abort', () => stream.close(constants.NGHTTP2_CANCEL), { once: true });
    session.on('error', (error) => reject(asHttp2Fault(error)));
    stream.on('error', (error) => reject(asHttp2Fault(error)));
    stream.on('response', (headers) => {
      code = Number(headers[':status']);
      if (!needsBody(request)) finish();
    });
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BODY_BYTES) finish();
    });
    stream.on('end', finish);
    stream.end();
  });
}

/** What the library calls a protocol error is mostly a member that speaks something else. */
export function asHttp2Fault(error: Error): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code.startsWith('ERR_HTTP2') ? new Error(`The answer is no HTTP/2: ${error.message}`) : error;
}

function lowerCaseKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

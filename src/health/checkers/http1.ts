// One request over HTTP/1 on a socket that is already connected. Ours and not Node's client: a probe needs a tenth of that,
// and thousands of them a second are the whole load of the checking thread.
import type { Socket } from 'node:net';
import type { HttpRequest } from '../../model/health-check.ts';
import { AnswerReader } from '../../wire/http1/answer-reader.ts';
import { encodeRequest } from '../../wire/http1/request.ts';
import type { CheckOf } from './checker.ts';
import { type HttpAnswer, MAX_BODY_BYTES, needsBody, noAnswer } from './http-answer.ts';

/** Rejects with what went wrong on the connection, or with NoHttp. */
export function askHttp1(
  check: CheckOf<'http' | 'https'>,
  request: HttpRequest,
  host: string,
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { method, path } = request;
    const reader = new AnswerReader({ method, maxBodyBytes: needsBody(request) ? MAX_BODY_BYTES : 0 });
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // An error that comes before the socket is closed concerns nobody.
      socket.on('error', () => {});
      then();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const onAbort = (): void => fail(new Error('aborted'));
    const onEnd = (): void => {
      const answer = reader.end();
      if (typeof answer === 'object') settle(() => resolve(answer));
      else fail(answer === 'nothing' ? noAnswer() : new Error(CUT_SHORT[answer]));
    };

    signal.addEventListener('abort', onAbort);
    socket.on('error', fail);
    socket.on('end', onEnd);
    socket.on('data', (bytes: Buffer) => {
      try {
        const answer = reader.take(bytes);
        if (answer !== undefined) settle(() => resolve(answer));
      } catch (error) {
        fail(error);
      }
    });
    const usual = { Host: host, 'User-Agent': 'steelyard-check', Connection: 'close' };
    const version = check.version === '1.0' ? '1.0' : '1.1';
    try {
      socket.write(encodeRequest({ version, method, path, headers: { ...usual, ...request.headers } }));
    } catch (error) {
      fail(error);
    }
  });
}

const CUT_SHORT = {
  head: 'The member closed the connection within the headers of its answer',
  body: 'The member closed the connection within the body of its answer',
};

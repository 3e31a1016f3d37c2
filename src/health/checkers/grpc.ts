// grpc: the standard health service (grpc.health.v1.Health/Check) says SERVING.
import { connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
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
import { noAnswer } from './http-answer.ts';
import { asHttp2Fault } from './http2.ts';
import { openStream } from './open-stream.ts';

const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
/** A HealthCheckResponse is two bytes; whoever sends more than this is no health service. */
const MAX_MESSAGE_BYTES = 4096;

export const checkGrpc: Checker<'grpc'> = async (check, target, signal) => {
  const progress = { waitingFor: 'the connection' };
  let socket: Socket | undefined;
  try {
    const tls = check.tls === undefined ? undefined : { ...check.tls, alpn: ['h2'] };
    socket = await openStream(check, tls, target, signal, progress);
    progress.waitingFor = 'the answer of the health service';
    return await ask(check, target, socket, signal);
  } catch (error) {
    if (signal.aborted) return failed(`Timed out waiting for ${progress.waitingFor}`);
    return failed(reasonOf(error));
  } finally {
    socket?.on('error', () => {});
    socket?.destroy();
  }
};

function ask(
  check: CheckOf<'grpc'>,
  target: Target,
  socket: Socket,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  return new Promise((resolve, reject) => {
    const scheme = check.tls === undefined ? 'http' : 'https';
    const session = connect(`${scheme}://${endpointKey(target.address, target.port)}`, {
      createConnection: () => socket,
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'steelyard-check',
    });
    let body = Buffer.alloc(0);
    let grpcStatus: string | undefined;
    let httpStatus = 0;

    const finish = (): void => {
      session.destroy();
      if (httpStatus === 0) reject(noAnswer());
      else resolve(verdictOn(httpStatus, grpcStatus, body, check.service));
    };
    signal.addEventListener('abort', () => stream.close(constants.NGHTTP2_CANCEL), { once: true });
    session.on('error', (error) => reject(asHttp2Fault(error)));
    stream.on('error', (error) => reject(asHttp2Fault(error)));
    stream.on('response', (headers) => {
      httpStatus = Number(headers[':status']);
      // A call that fails at once sends its status with the headers ("trailers only").
      if (headers['grpc-status'] !== undefined) grpcStatus = String(headers['grpc-status']);
    });
    stream.on('trailers', (trailers) => {
      if (trailers['grpc-status'] !== undefined) grpcStatus = String(trailers['grpc-status']);
    });
    stream.on('data', (chunk: Buffer) => {
      body = Buffer.concat([body, chunk]);
      if (body.length > MAX_MESSAGE_BYTES) finish();
    });
    stream.on('end', finish);
    stream.end(encodeRequest(check.service));
  });
}

/** Length-prefixed message (uncompressed) of HealthCheckRequest { string service = 1; }. */
export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8').subarray(0, 127);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Exported for its test: pure. HealthCheckResponse { ServingStatus status = 1; } follows five bytes of prefix. */
export function verdictOn(
  httpStatus: number,
  grpcStatus: string | undefined,
  body: Buffer,
  service: string,
): CheckOutcome {
  const of = service === '' ? 'the server' : `"${service}"`;
  if (httpStatus !== 200) return failed(`The member answered HTTP ${httpStatus}, not gRPC`);
  if (grpcStatus === '5') return failed(`The health service does not know ${of}`);
  if (grpcStatus === '12') return failed('The member has no gRPC health service');
  if (grpcStatus !== '0') return failed(`The health call ended with gRPC status ${grpcStatus ?? 'missing'}`);
  const status = body[5] === 0x08 ? (body[6] ?? 0) : 0;
  return status === 1 ? PASSED : failed(`The health of ${of} is ${STATUS_NAMES[status] ?? status}`);
}

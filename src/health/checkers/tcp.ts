// tcp: the member accepts a connection; with `send` and `expect`, it also answers as expected.
import { Connector } from '../../kernel/connector.ts';
import { familyOf } from '../../lib/ip.ts';
import type { CheckResult } from '../judge.ts';
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
import { connectPlain } from './way.ts';

/** Enough for every banner; a member that talks without end fails instead of filling our memory. */
const MAX_REPLY_BYTES = 64 * 1024;

export const checkTcp: Checker<'tcp'> = (check, target, signal) =>
  new Promise<CheckOutcome>((resolve) => {
    const socket = connectPlain(check, target);
    let waitingFor = 'the connection';
    let reply = '';

    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      closeProbe(socket);
      resolve(outcome);
    };
    const onAbort = (): void => {
      const got = reply === '' ? '' : `: got "${excerpt(reply)}"`;
      finish(failed(`Timed out waiting for ${waitingFor}${got}`));
    };

    signal.addEventListener('abort', onAbort);
    socket.on('error', (error) => finish(failed(reasonOf(error))));
    socket.on('connect', () => {
      if (check.send !== undefined) socket.write(unescapeText(check.send));
      if (check.expect === undefined) finish(PASSED);
      waitingFor = 'the expected reply';
    });
    if (check.expect === undefined) return;
    const expected = new RegExp(check.expect, 's');
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (expected.test(reply)) finish(PASSED);
      else if (reply.length > MAX_REPLY_BYTES)
        finish(failed(`No match in the first ${MAX_REPLY_BYTES} bytes of the reply`));
    });
    socket.on('end', () =>
      finish(failed(`The member closed the connection before the expected reply: got "${excerpt(reply)}"`)),
    );
  });

/** One for all checks of a thread. */
const connector = new Connector();

/** No socket is left once this returns, but of checks that go on: the thread may end, and these would not with it. */
export function letGoOfConnects(): void {
  connector.letGo();
}

/** Where nothing is said, no name asked for and the system is Linux, the connection alone is looked at, for a fifth of the cost. */
export function isConnectOnly({ send, expect, sourceAddress }: CheckOf<'tcp'>, { address }: Target): boolean {
  const family = familyOf(address);
  return (
    send === undefined &&
    expect === undefined &&
    family !== undefined &&
    (sourceAddress === undefined || familyOf(sourceAddress) === family) &&
    process.platform === 'linux'
  );
}

/** Never throws; keeps its own deadline. */
export async function checkConnect(
  check: CheckOf<'tcp'>,
  target: Target,
  stop: AbortSignal,
): Promise<CheckResult> {
  try {
    const end = await connector.connect(target, check, check.timeoutMs, stop);
    const took = { latencyMs: end.tookMs, atMs: Date.now() };
    if (end.kind === 'connected') return { ok: true, ...took };
    if (end.kind === 'timed-out')
      return { ok: false, error: 'Timed out waiting for the connection', ...took };
    const message = `connect ${end.code} ${target.address}:${target.port}`;
    return { ok: false, error: reasonOf({ code: end.code, message }), ...took };
  } catch (error) {
    return { ok: false, error: reasonOf(error), latencyMs: 0, atMs: Date.now() };
  }
}

/** `\r`, `\n`, `\t`, `\\` and `\xHH`, so that a binary request fits into a line of YAML. */
export function unescapeText(text: string): Buffer {
  const plain = text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_whole, code: string) => {
    if (code.startsWith('x') && code.length === 3)
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ({ r: '\r', n: '\n', t: '\t', 0: '\0' } as Record<string, string>)[code] ?? code;
  });
  return Buffer.from(plain, 'latin1');
}

/** The first printable characters of what a member said. */
export function excerpt(text: string, limit = 80): string {
  return text.slice(0, limit).replace(/[^\x20-\x7e]/g, '.');
}

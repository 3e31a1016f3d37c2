// A client with long conversations, for failovers: a third of them silent, a third speaking, a third listening.
// argv: address, port, how many. Told "check" on a line, it speaks on every one and says as JSON how many answered.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [host = '', port = '', count = '30', from] = process.argv.slice(2);
const KINDS = ['silent', 'speaking', 'listening'] as const;
/** Retransmission begins at 200 ms and doubles. */
const ANSWER_MS = 12_000;

interface Talk {
  readonly kind: (typeof KINDS)[number];
  readonly socket: Socket;
  error: string | undefined;
  heardMs: number;
  longestMs: number;
  answer: (() => void) | undefined;
}

export interface TalkReport {
  readonly total: number;
  readonly answered: Readonly<Record<(typeof KINDS)[number], number>>;
  readonly errors: readonly string[];
  /** The longest silence on one that speaks or listens, since the last report. */
  readonly longestMs: number;
}

function open(kind: Talk['kind']): Promise<Talk> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const talk: Talk = {
      kind,
      socket,
      error: undefined,
      heardMs: performance.now(),
      longestMs: 0,
      answer: undefined,
    };
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(talk));
    socket.on('error', (error) => {
      talk.error = error.message;
      reject(error);
    });
    socket.on('close', () => {
      talk.error ??= 'closed';
    });
    socket.on('data', (chunk) => {
      const nowMs = performance.now();
      talk.longestMs = Math.max(talk.longestMs, nowMs - talk.heardMs);
      talk.heardMs = nowMs;
      if (kind === 'listening' || chunk.includes('check')) talk.answer?.();
    });
  });
}

async function check(talk: Talk): Promise<boolean> {
  if (talk.error !== undefined) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  talk.answer = () => resolve(true);
  const timer = setTimeout(() => resolve(false), ANSWER_MS);
  // Who listens has nothing to say: what the member sends must come by itself.
  if (talk.kind !== 'listening') talk.socket.write('check\n');
  const answered = await promise;
  clearTimeout(timer);
  talk.answer = undefined;
  return answered;
}

const talks = await Promise.all(Array.from({ length: Number(count) }, (_, i) => open(KINDS[i % 3]!)));
for (const { kind, socket } of talks) if (kind === 'listening') socket.write('push\n');
setInterval(() => {
  for (const { kind, socket, error } of talks)
    if (kind === 'speaking' && error === undefined) socket.write('speak\n');
}, 100);
process.stdout.write('ready\n');

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'check') break;
  const results = await Promise.all(talks.map(check));
  const answered = { silent: 0, speaking: 0, listening: 0 };
  talks.forEach((talk, i) => {
    if (results[i]) answered[talk.kind]++;
  });
  const busy = talks.filter(({ kind }) => kind !== 'silent');
  const report: TalkReport = {
    total: talks.length,
    answered,
    errors: [
      ...new Set(talks.flatMap(({ kind, error }) => (error === undefined ? [] : [`${kind}: ${error}`]))),
    ],
    longestMs: Math.round(Math.max(0, ...busy.map(({ longestMs }) => longestMs))),
  };
  for (const talk of talks) talk.longestMs = 0;
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
process.exit(0);

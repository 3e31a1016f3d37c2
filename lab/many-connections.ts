// A client with thousands of connections, one tenth of which speak all the time while the others only stand there.
// argv: address, ports (comma), own address, how many. Each line "check" makes every one speak once; the answer is JSON.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [host = '', ports = '', localAddress = '', count = '1000'] = process.argv.slice(2);
/** Of each ten connections one speaks, every two seconds. */
const ACTIVE_EVERY = 10;
const SPEAK_MS = 2000;
const STEP_MS = 50;
/** Being opened at once: more would wait in the members' queues. */
const OPENING = 200;
/** The idle ones speak over this long, as they would do one by one. */
const SPREAD_MS = 10_000;
/** Retransmission begins at 200 ms and doubles; what nobody answered by then is lost. */
const ANSWER_MS = 15_000;

interface Connection {
  readonly socket: Socket;
  readonly isActive: boolean;
  error: string | undefined;
  /** When the word was said that nobody answered yet; 0 for none. */
  saidMs: number;
  longestMs: number;
}

export interface ManyReport {
  readonly idle: { readonly total: number; readonly answered: number };
  readonly active: { readonly total: number; readonly answered: number };
  /** How often each error was met. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of each speaking connection the longest time it waited for an answer since the last report, ascending. */
  readonly waitsMs: readonly number[];
}

const connections: Connection[] = [];

function open(number: number): Promise<void> {
  const list = ports.split(',').map(Number);
  const port = list[number % list.length]!;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, localAddress, noDelay: true });
    const isActive = number % ACTIVE_EVERY === 0;
    const one: Connection = { socket, isActive, error: undefined, saidMs: 0, longestMs: 0 };
    socket.once('connect', () => {
      connections.push(one);
      resolve();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      one.error ??= error.code ?? error.message;
      reject(error);
    });
    socket.on('close', () => {
      one.error ??= 'closed';
    });
    socket.on('data', () => {
      one.longestMs = Math.max(one.longestMs, performance.now() - one.saidMs);
      one.saidMs = 0;
    });
  });
}

function say(one: Connection): void {
  if (one.saidMs !== 0 || one.error !== undefined) return;
  one.saidMs = performance.now();
  one.socket.write('x');
}

async function openAll(): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < Number(count)) await open(next++);
  };
  await Promise.all(Array.from({ length: OPENING }, worker));
}

/** A tenth of a word each: no burst that only the client would make. */
function keepSpeaking(): void {
  const active = connections.filter(({ isActive }) => isActive);
  let at = 0;
  setInterval(() => {
    const until = Math.min(active.length, at + Math.ceil((active.length * STEP_MS) / SPEAK_MS));
    for (; at < until; at++) say(active[at]!);
    if (at >= active.length) at = 0;
  }, STEP_MS);
}

async function check(): Promise<ManyReport> {
  const idle = connections.filter(({ isActive }) => !isActive);
  const active = connections.filter(({ isActive }) => isActive);
  // One that still waits for an answer has said its word already.
  for (const one of active) say(one);
  const step = Math.ceil((idle.length * STEP_MS) / SPREAD_MS);
  for (let at = 0; at < idle.length; at += step) {
    for (const one of idle.slice(at, at + step)) say(one);
    await sleep(STEP_MS);
  }
  const end = performance.now() + ANSWER_MS;
  while (performance.now() < end && idle.some(({ saidMs, error }) => saidMs !== 0 && error === undefined))
    await sleep(STEP_MS);
  const now = performance.now();
  const errors: Record<string, number> = {};
  for (const { error } of connections) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  // A speaking one is asked again all the time: only what waits for longer than a whole check was given up.
  const answered = ({ error, saidMs, isActive }: Connection): boolean =>
    error === undefined && (saidMs === 0 || (isActive && now - saidMs < SPEAK_MS));
  const report: ManyReport = {
    idle: { total: idle.length, answered: idle.filter(answered).length },
    active: { total: active.length, answered: active.filter(answered).length },
    errors,
    waitsMs: active.map(({ longestMs }) => Math.round(longestMs)).sort((a, b) => a - b),
  };
  for (const one of connections) one.longestMs = 0;
  return report;
}

await openAll();
keepSpeaking();
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'check') break;
  process.stdout.write(`${JSON.stringify(await check())}\n`);
}
process.exit(0);

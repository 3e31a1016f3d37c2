// Prints events as they are read from the daemon, one a line.
import type { IncomingMessage } from 'node:http';
import { addAbortSignal } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { escapeControls } from '../lib/display-width.ts';
import { parseDuration } from '../lib/duration.ts';
import { InputError, LbError } from '../model/errors.ts';
import { type Paint, paint } from '../plan/paint.ts';
import { type Client, NoDaemon } from './client.ts';
import { findDaemon } from './find-daemon.ts';
import type { OutputFormat } from './output.ts';
import type { Session } from './session.ts';
import { SseReader } from './sse-reader.ts';

export interface TellEventsOptions {
  readonly follow?: boolean;
  readonly last: string;
  readonly output: OutputFormat;
  /** How long a daemon may be away while it is followed: a restart is no end. */
  readonly patience: string;
}

interface Told {
  readonly kind: string;
  readonly atMs: number;
  readonly [field: string]: unknown;
}

interface Listed {
  readonly id: string;
  readonly event: Told;
}

const AGAIN_MS = 500;

export async function tellEvents(
  options: TellEventsOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const last = Number(options.last);
  if (!Number.isInteger(last) || last < 0 || last > 2048)
    throw new InputError('USAGE', `Cannot show the last "${options.last}" events: it must be 0..2048`);
  const patienceMs = parseDuration(options.patience);
  if (patienceMs === undefined)
    throw new InputError(
      'USAGE',
      `Cannot read --patience as a duration: current value is "${options.patience}"`,
    );
  const client = await findDaemon(session, command);
  const ink = paint(session.colour(command));
  const print = (event: Told): void => session.print(lineOf(event, options.output, ink));
  // A stream that begins after the newest event told misses none in between.
  const { items } = await client.get<{ items: Listed[] }>('/v1/events', { last: Math.max(1, last) });
  if (last > 0) for (const { event } of items) print(event);
  if (options.follow === true) await follow(client, items.at(-1)?.id, patienceMs, print, session);
}

async function follow(
  client: Client,
  from: string | undefined,
  patienceMs: number,
  print: (event: Told) => void,
  session: Session,
): Promise<void> {
  const { readerGone } = session.toolbox.stdout;
  let lastId = from;
  let goneMs: number | undefined;
  while (!readerGone.aborted) {
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const response = await client.open('GET', '/v1/events/watch', {}, 40_000, headers);
      if (response.statusCode !== 200)
        throw new InputError('DENIED', `The daemon answered ${response.statusCode}`);
      goneMs = undefined;
      for await (const one of streamOf(addAbortSignal(readerGone, response))) {
        if (one.event === 'missed') session.tell(`${one.data} events are gone\n`);
        else print(JSON.parse(one.data) as Told);
        lastId = one.id ?? lastId;
      }
    } catch (error) {
      if (error instanceof InputError) throw error;
      if (readerGone.aborted) return;
      goneMs ??= Date.now();
      const isPatient = Date.now() - goneMs < patienceMs;
      if (!isPatient) throw error instanceof LbError ? error : new NoDaemon(client.target, 'ECONNRESET');
    }
    await sleep(AGAIN_MS, undefined, { signal: readerGone }).catch(() => {});
  }
}

async function* streamOf(response: IncomingMessage) {
  const reader = new SseReader();
  response.setEncoding('utf8');
  for await (const chunk of response) yield* reader.push(chunk as string);
}

/** One event a line, whatever the format. */
export function lineOf(event: Told, format: OutputFormat, ink: Paint): string {
  if (format !== 'table') return `${JSON.stringify(event)}\n`;
  const { kind, atMs, ...data } = event;
  // What a write was made of is too long for a line: "-o json" and "lbctl audit" tell it.
  const told = Object.entries(data).filter(([name]) => kind !== 'audit' || name !== 'change');
  const words = told.map(([name, value]) => `${name}=${textOf(value)}`);
  return `${ink.dim(new Date(atMs).toISOString())} ${ink.bold(kind)} ${words.join(' ')}\n`;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = escapeControls(text);
  return /^[\w./:@%+-]+$/.test(safe) ? safe : JSON.stringify(safe);
}

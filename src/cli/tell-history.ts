// What lbctl prints of revisions and snapshots: tables, one revision whole, the difference of two.
import type { Command } from 'commander';
import { InputError } from '../model/errors.ts';
import type { Status } from '../model/status.ts';
import { type Paint, paint } from '../plan/paint.ts';
import type { Client } from './client.ts';
import type { OutputChoice } from './commands/history.ts';
import { findDaemon } from './find-daemon.ts';
import { lineDiff } from './line-diff.ts';
import { toOutput } from './output.ts';
import { agoText } from './render-status.ts';
import type { Session } from './session.ts';
import { type Cell, renderTable } from './table.ts';

interface Outcome {
  readonly state: 'pending' | 'applied' | 'failed' | 'held' | 'replaced';
  readonly plan?: { readonly add: number; readonly change: number; readonly remove: number };
  readonly failed?: number;
  readonly held?: number;
  readonly message?: string;
}

interface Revision {
  readonly number: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  readonly running: boolean;
  readonly outcome: Outcome;
}

interface WholeRevision extends Revision {
  readonly files: readonly { readonly file: string; readonly text: string; readonly hidden?: string }[];
  readonly objects: readonly {
    readonly kind: string;
    readonly name: string;
    readonly spec: object;
    readonly hidden?: string;
  }[];
}

interface Snapshot {
  readonly name: string;
  readonly revision: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
}

/** `running` is the one in force. */
export async function numberOf(text: string, client: Client): Promise<number> {
  if (text === 'running') {
    const { running } = await client.get<Status>('/v1/status');
    if (running?.revision !== undefined) return running.revision;
    throw new InputError('NOT_FOUND', 'Cannot say which revision runs as the history does not have it');
  }
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InputError('USAGE', `Cannot read "${text}" as a revision: it must be a number or "running"`, {
    hint: '"lbctl history" lists those there are',
  });
}

export async function showHistory(
  { last, output }: OutputChoice & { readonly last: string },
  session: Session,
  command: Command,
): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(last) || Number(last) > 1000)
    throw new InputError('USAGE', `Cannot read --last: it must be 1..1000: current value is "${last}"`);
  const client = await findDaemon(session, command);
  const answer = await client.get<{ items: Revision[]; total: number }>('/v1/revisions', { last });
  if (output !== 'table') {
    session.print(await toOutput(output, answer));
    return;
  }
  const ink = paint(session.colour(command));
  const nowMs = session.toolbox.nowMs();
  const rows = answer.items.map((one): Cell[] => {
    const { state } = one.outcome;
    const tone = state === 'applied' ? ink.green : state === 'failed' ? ink.red : ink.yellow;
    return [
      one.running ? `${one.number} *` : String(one.number),
      `${agoText(nowMs - one.atMs)} ago`,
      { text: state, ink: state === 'replaced' ? ink.dim : tone },
      stepsText(one.outcome),
      one.author,
      one.reason,
    ];
  });
  const columns = ['REVISION', 'WHEN', 'RESULT', 'STEPS', 'WHO', 'WHY'].map((title) => ({ title }));
  session.print(rows.length === 0 ? 'no revisions\n' : renderTable(columns, rows, ink.bold));
  const failed = answer.items.find((one) => one.running)?.outcome.message;
  if (failed !== undefined) session.print(`${ink.red('failed')}: ${failed}\n`);
}

/** `+3 ~1 -0`: added, changed, removed. */
function stepsText({ plan, failed, held }: Outcome): string {
  if (plan === undefined) return '-';
  const rest = [failed, held].map((count, i) => (count ? ` ${count} ${['failed', 'held'][i]}` : '')).join('');
  return `+${plan.add} ~${plan.change} -${plan.remove}${rest}`;
}

export async function showRevision(
  text: string,
  { output }: OutputChoice,
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const found = await wholeRevision(text, client);
  if (output !== 'table') {
    session.print(await toOutput(output, found));
    return;
  }
  const ink = paint(session.colour(command));
  const at = new Date(found.atMs).toISOString();
  const running = found.running ? ', in force' : '';
  session.print(
    `${ink.bold(`revision ${found.number}`)} of ${at} by ${found.author}${running}\n${found.reason}\n` +
      `${found.outcome.state} ${stepsText(found.outcome)}\n`,
  );
  for (const [name, { text: body }] of await textsOf(found)) session.print(`\n${ink.bold(name)}\n${body}`);
}

/** True where they differ. */
export async function showDiff(
  from: string,
  to: string,
  session: Session,
  command: Command,
): Promise<boolean> {
  const client = await findDaemon(session, command);
  const ink = paint(session.colour(command));
  const before = await textsOf(await wholeRevision(from, client));
  const after = await textsOf(await wholeRevision(to, client));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const parts = names.map((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    const shown = lineDiff(name, old?.text ?? '', now?.text ?? '', ink);
    return shown === '' && old?.hidden !== now?.hidden ? hiddenDiff(name, ink) : shown;
  });
  session.print(parts.join(''));
  return parts.some((part) => part !== '');
}

/** A password or an argument that is as long as it was. */
function hiddenDiff(name: string, ink: Paint): string {
  return `${ink.bold(`--- ${name}`)}\n${ink.bold(`+++ ${name}`)}\nwhat is hidden of it differs, and nothing else\n`;
}

async function wholeRevision(text: string, client: Client): Promise<WholeRevision> {
  return client.get<WholeRevision>(`/v1/revisions/${await numberOf(text, client)}`);
}

interface Body {
  readonly text: string;
  readonly hidden?: string;
}

/** Files by path, objects as `api/pool/web`, both as text. */
async function textsOf({ files, objects }: WholeRevision): Promise<ReadonlyMap<string, Body>> {
  const texts = new Map<string, Body>(files.map((one) => [one.file, one]));
  for (const { spec, ...one } of objects)
    texts.set(`api/${one.kind}/${one.name}`, { ...one, text: await toOutput('yaml', spec) });
  return texts;
}

export async function createSnapshot(
  name: string,
  { revision, reason }: { readonly revision?: string; readonly reason?: string },
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const number = revision === undefined ? {} : { revision: await numberOf(revision, client) };
  const body = { name, ...number, ...(reason === undefined ? {} : { reason }) };
  const made = await client.call<Snapshot>('POST', '/v1/snapshots', { body });
  session.print(`snapshot ${made.name} keeps revision ${made.revision}\n`);
}

export async function listSnapshots(
  { output }: OutputChoice,
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const { items } = await client.get<{ items: Snapshot[] }>('/v1/snapshots');
  if (output !== 'table') {
    session.print(await toOutput(output, items));
    return;
  }
  const ink = paint(session.colour(command));
  const rows = items.map((one) => [
    one.name,
    String(one.revision),
    new Date(one.atMs).toISOString(),
    one.author,
    one.reason,
  ]);
  const columns = ['SNAPSHOT', 'REVISION', 'WHEN', 'WHO', 'WHY'].map((title) => ({ title }));
  session.print(rows.length === 0 ? 'no snapshots\n' : renderTable(columns, rows, ink.bold));
}

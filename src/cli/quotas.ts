// What `lbctl get quota`, `set quota` and `delete quota` do: how much a project has and may have.
import type { Command } from 'commander';
import { InputError } from '../model/errors.ts';
import { QUOTA_KINDS, type Quota, type Usage } from '../model/project.ts';
import { type Client, word } from './client.ts';
import type { GetOptions, WriteOptions } from './commands/objects.ts';
import { findDaemon } from './find-daemon.ts';
import { liveText } from './live-text.ts';
import { readSettings } from './object-words.ts';
import { toOutput } from './output.ts';
import type { LiveTable } from './render-live.ts';
import type { Session } from './session.ts';
import { watching } from './watch.ts';

interface ProjectView {
  readonly project: string;
  readonly used: Usage;
  readonly quota: Quota;
}

export async function getQuotas(
  project: string | undefined,
  options: GetOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const { output } = options;
  await watching(options, session, async () => {
    const found = await read(project ?? options.project, client);
    return liveText(output, { data: found, table: tableOf([found].flat()) }, session, command);
  });
}

async function read(
  project: string | undefined,
  client: Client,
): Promise<ProjectView | readonly ProjectView[]> {
  if (project !== undefined) return client.get<ProjectView>(`/v1/quotas/${word(project)}`);
  return (await client.get<{ items: readonly ProjectView[] }>('/v1/quotas')).items;
}

/** `12/20` of what is limited, `12` of what is not. */
function tableOf(all: readonly ProjectView[]): LiveTable {
  const columns = ['project', ...QUOTA_KINDS].map((title) => ({ title: title.toUpperCase() }));
  const rows = all.map(({ project, used, quota }) => [
    { text: project },
    ...QUOTA_KINDS.map((kind) => ({
      text: quota[kind] === undefined ? String(used[kind]) : `${used[kind]}/${quota[kind]}`,
    })),
  ]);
  return { columns, rows: () => rows, empty: 'no projects' };
}

/** KEY=NUMBER limits, KEY- limits no more; what is not named stays as it is. */
export async function setQuota(
  project: string,
  words: readonly string[],
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  requirePlain(options);
  const settings = await readSettings(words);
  const unknown = Object.keys(settings).find((key) => !QUOTA_KINDS.some((kind) => kind === key));
  if (unknown !== undefined)
    throw new InputError('USAGE', `Cannot set a quota of "${unknown}"`, {
      hint: `Known here: ${QUOTA_KINDS.join(', ')}`,
    });
  const client = await findDaemon(session, command);
  const all = (await read(undefined, client)) as readonly ProjectView[];
  const before = all.find((one) => one.project === project)?.quota ?? {};
  const merged = Object.entries({ ...before, ...settings }).filter(([, limit]) => limit !== null);
  const path = `/v1/quotas/${word(project)}`;
  const now = await client.call<ProjectView>('PUT', path, { body: Object.fromEntries(merged) });
  if (options.output !== 'table') session.print(await toOutput(options.output, now));
  else session.print(`project ${project} may have ${limitsText(now.quota)}\n`);
}

export async function deleteQuota(
  project: string,
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  requirePlain(options);
  const client = await findDaemon(session, command);
  await client.call('DELETE', `/v1/quotas/${word(project)}`);
  if (options.output === 'table') session.print(`project ${project} is limited no more\n`);
  else session.print(await toOutput(options.output, { project }));
}

function limitsText(quota: Quota): string {
  const words = QUOTA_KINDS.flatMap((kind) => (quota[kind] === undefined ? [] : [`${quota[kind]} ${kind}`]));
  return words.length === 0 ? 'as much as it likes' : words.join(', ');
}

/** A quota is no part of the configuration: there is no plan of it, and no revision. */
function requirePlain({ dryRun, force, reason, confirmWithin, cascade }: WriteOptions): void {
  const given = Object.entries({ dryRun, force, reason, confirmWithin, cascade }).find(
    ([, value]) => value !== undefined,
  );
  if (given === undefined) return;
  const option = given[0].replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError(
    'USAGE',
    `Cannot change a quota with --${option} as it is no part of the configuration`,
  );
}

// What `lbctl get` prints: a table of a kind, or one object; specs as YAML that can be given back.
import type { Command } from 'commander';
import type { Client } from './client.ts';
import { listAll } from './client.ts';
import type { GetOptions } from './commands/objects.ts';
import { findDaemon } from './find-daemon.ts';
import { members } from './live-tables.ts';
import { liveText } from './live-text.ts';
import type { MemberView } from './member-target.ts';
import { type ObjectWord, pathOf } from './object-words.ts';
import type { LiveCell, LiveColumn, LiveTable } from './render-live.ts';
import type { Session } from './session.ts';
import { watching } from './watch.ts';

interface Source {
  readonly kind: 'api' | 'file' | 'listener';
  readonly file?: string;
  readonly line?: number;
  readonly author?: string;
  readonly listener?: string;
}

interface ObjectView {
  readonly name: string;
  readonly source: Source;
  readonly spec?: object;
  readonly config: Readonly<Record<string, unknown>>;
  readonly status?:
    | readonly { readonly condition: string; readonly reason: string }[]
    | Record<string, unknown>;
  readonly members?: readonly MemberView[];
}

export async function getObjects(
  kind: ObjectWord,
  name: string | undefined,
  options: GetOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const client = await findDaemon(session, command);
  const { output } = options;
  await watching(options, session, async () => {
    const { data, table } = await read(kind, name, options, client);
    const asSpecs = output === 'yaml' && kind !== 'member';
    return liveText(output, { data: asSpecs ? specsOf(data) : data, table }, session, command);
  });
}

async function read(
  kind: ObjectWord,
  name: string | undefined,
  { source, sort, project }: GetOptions,
  client: Client,
): Promise<{ data: unknown; table: LiveTable }> {
  if (kind === 'member') {
    if (name === undefined) return members(client, { sort, project });
    const one = await client.get<MemberView>(pathOf(kind, name));
    return { data: one, table: (await members(client, {}, [one])).table };
  }
  if (name !== undefined) {
    const one = await client.get<ObjectView>(pathOf(kind, name));
    return { data: one, table: tableOf(kind, [one]) };
  }
  const all = await listAll<ObjectView>(client, `/v1/${kind}s`, { source, sort, project });
  return { data: all, table: tableOf(kind, all) };
}

function specsOf(data: unknown): unknown {
  return Array.isArray(data)
    ? (data as ObjectView[]).flatMap(({ spec }) => spec ?? [])
    : ((data as ObjectView).spec ?? data);
}

type Cells = (one: ObjectView) => string[];

const COLUMNS: Readonly<Record<Exclude<ObjectWord, 'member'>, { titles: readonly string[]; cells: Cells }>> =
  {
    listener: {
      titles: ['PROTOCOL', 'VIPS', 'PORTS', 'POOL', 'ENGINE', 'CONDITION', 'REASON'],
      cells({ config, status }) {
        const rows = Array.isArray(status)
          ? (status as { condition: string; reason: string; engine: string }[])
          : [];
        const [first] = rows;
        return [
          text(config.protocol),
          (config.vips as string[]).join(' '),
          (config.ports as { from: number; to: number }[])
            .map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`))
            .join(' '),
          text(config.pool),
          first?.engine ?? '-',
          first?.condition ?? 'pending',
          first?.reason ?? '-',
        ];
      },
    },
    pool: {
      titles: ['MEMBERS', 'UP', 'CHECKS'],
      cells({ config, members: list = [] }) {
        const up = list.filter((one) => one.listeners.some((row) => (row.observedWeight ?? 0) > 0)).length;
        const checks = (config.checks as { type: string }[]).map(({ type }) => type);
        return [String(list.length), String(up), checks.join(' ') || '-'];
      },
    },
    vip: {
      titles: ['ADDRESS', 'INTERFACE', 'GROUP', 'HERE', 'REASON'],
      cells({ config, status }) {
        const { observed, reason } = (status ?? {}) as { observed?: boolean; reason?: string };
        const here = observed === undefined ? '-' : observed ? 'yes' : 'no';
        return [
          `${text(config.address)}/${text(config.prefixLength)}`,
          text(config.interface),
          text(config.group),
          here,
          reason ?? '-',
        ];
      },
    },
    certificate: {
      titles: ['CERTIFICATE', 'KEY'],
      cells: ({ config }) => [
        text(config.certificateFile ?? (config.certificatePem === undefined ? undefined : 'given as text')),
        text(config.keyFile ?? (config.keyPem === undefined ? undefined : 'given as text')),
      ],
    },
  };

function text(value: unknown): string {
  return value === undefined ? '-' : String(value);
}

function tableOf(kind: Exclude<ObjectWord, 'member'>, all: readonly ObjectView[]): LiveTable {
  const { titles, cells } = COLUMNS[kind];
  const columns: LiveColumn[] = [
    { title: kind.toUpperCase() },
    ...titles.map((title): LiveColumn => ({ title })),
    { title: 'SOURCE' },
    { title: 'WHO', wide: true },
    { title: 'PROJECT', wide: true },
  ];
  const rows = all.map((one): LiveCell[] =>
    [one.name, ...cells(one), sourceText(one.source), one.source.author ?? '-', projectOf(one)].map(
      (cell) => ({
        text: cell,
      }),
    ),
  );
  return { columns, rows: () => rows, empty: `no ${kind}s` };
}

function projectOf({ spec }: ObjectView): string {
  return text((spec as { project?: string } | undefined)?.project);
}

function sourceText({ kind, file, line, listener }: Source): string {
  if (kind === 'file') return `${file}:${line}`;
  return kind === 'listener' ? `listener ${listener}` : 'api';
}

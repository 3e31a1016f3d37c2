// lbctl show checks: how many answers each probe has had, and how long they took.
import type { Reader } from './client.ts';
import type { Made } from './live-tables.ts';
import type { LiveCell, LiveColumn } from './render-live.ts';

interface Checks {
  readonly boundsMs: readonly number[];
  readonly checks: readonly {
    readonly type: string;
    readonly members: readonly string[];
    readonly count: number;
    readonly sumMs: number;
    readonly buckets: readonly number[];
  }[];
}

export async function checks(client: Reader): Promise<Made> {
  const read = await client.get<Checks>('/v1/checks');
  const rows = read.checks.map(({ type, members, count, sumMs, buckets }): LiveCell[] => {
    const within = (share: number) => boundOf(read.boundsMs, buckets, count * share);
    const filled = buckets.flatMap((found, i) =>
      found === 0 ? [] : [`${bucketName(read.boundsMs, i)}: ${found}`],
    );
    return [
      { text: type },
      { text: members.slice(0, 3).join(' ') + (members.length > 3 ? ` and ${members.length - 3} more` : '') },
      { text: String(count) },
      { text: count === 0 ? '-' : `${(sumMs / count).toFixed(1)} ms` },
      { text: count === 0 ? '-' : within(0.5) },
      { text: count === 0 ? '-' : within(0.99) },
      { text: filled.join(', ') },
    ];
  });
  const columns: LiveColumn[] = [
    { title: 'CHECK' },
    { title: 'MEMBERS' },
    { title: 'ANSWERS', align: 'right' },
    { title: 'MEAN', align: 'right' },
    { title: 'HALF', align: 'right' },
    { title: '99 OF 100', align: 'right' },
    { title: 'HISTOGRAM', wide: true },
  ];
  return { data: read, table: { columns, rows: () => rows, empty: 'no checks' } };
}

/** The bucket in which that many answers are reached. */
function boundOf(boundsMs: readonly number[], buckets: readonly number[], wanted: number): string {
  let seen = 0;
  const index = buckets.findIndex((count) => {
    seen += count;
    return seen >= wanted;
  });
  return bucketName(boundsMs, index === -1 ? boundsMs.length : index);
}

function bucketName(boundsMs: readonly number[], index: number): string {
  const bound = boundsMs[index];
  return bound === undefined ? `over ${boundsMs.at(-1)} ms` : `<= ${bound} ms`;
}

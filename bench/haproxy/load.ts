// Two proxies compared so that the machine cannot decide: both run at once, each in a session of its own and on the same
// processor, and are asked in turns A B B A, so that whatever drifts strikes both alike. A block of four gives one ratio.
import { readFileSync } from 'node:fs';
import { exec } from '../../lab/process.ts';
import { median } from '../report.ts';

export interface Side {
  readonly url: string;
  readonly header?: string;
  /** The worker that answers. */
  readonly pid: number;
}

export interface Load {
  readonly rps: number;
  readonly p99: number;
  /** Microseconds of the worker's processor time for one request: hardly moved by what else the machine does. */
  readonly cost: number;
}

export interface Ratio {
  readonly middle: number;
  /** Between these the median lies with 95 %. */
  readonly low: number;
  readonly high: number;
}

export interface Compared {
  readonly ours: Load;
  readonly hand: Load;
  readonly rps: Ratio;
  readonly p99: Ratio;
  readonly cost: Ratio;
}

/** Which processor asks and answers; the proxies have the other one to themselves. */
export const CLIENT_CPU = '1';
export const PROXY_CPU = '0';

export async function compare(ours: Side, hand: Side, blocks: number, seconds: number): Promise<Compared> {
  await wrk(ours, 1);
  await wrk(hand, 1);
  const rounds: { readonly ours: Load; readonly hand: Load }[] = [];
  for (let block = 0; block < blocks; block++) {
    const [outer, inner] = block % 2 === 0 ? [ours, hand] : [hand, ours];
    const first = await wrk(outer, seconds);
    const between = [await wrk(inner, seconds), await wrk(inner, seconds)] as const;
    const edge = mean(first, await wrk(outer, seconds));
    const middle = mean(...between);
    rounds.push(outer === ours ? { ours: edge, hand: middle } : { ours: middle, hand: edge });
  }
  const of = (who: 'ours' | 'hand'): Load => ({
    rps: median(rounds.map((one) => one[who].rps)),
    p99: median(rounds.map((one) => one[who].p99)),
    cost: median(rounds.map((one) => one[who].cost)),
  });
  const ratio = (figure: keyof Load) =>
    medianWithin(rounds.map((one) => one.ours[figure] / one.hand[figure]));
  return { ours: of('ours'), hand: of('hand'), rps: ratio('rps'), p99: ratio('p99'), cost: ratio('cost') };
}

/** The interval by order of rank, which asks nothing of how the ratios are spread: as many lie below as a coin would allow. */
export function medianWithin(values: readonly number[]): Ratio {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  let rank = 0;
  let outside = 2 * 0.5 ** count;
  for (let chosen = 1, ways = 1; rank < count / 2 - 1; chosen++) {
    ways = (ways * (count - chosen + 1)) / chosen;
    outside += 2 * ways * 0.5 ** count;
    if (outside > 0.05) break;
    rank = chosen;
  }
  return { middle: median(sorted), low: sorted[rank]!, high: sorted[count - 1 - rank]! };
}

function mean(a: Load, b: Load): Load {
  return { rps: (a.rps + b.rps) / 2, p99: (a.p99 + b.p99) / 2, cost: (a.cost + b.cost) / 2 };
}

async function wrk({ url, header, pid }: Side, seconds: number): Promise<Load> {
  const before = processorMicros(pid);
  const { stdout, stderr } = await exec([
    'taskset',
    '-c',
    CLIENT_CPU,
    'wrk',
    '-t1',
    '-c32',
    `-d${seconds}s`,
    '--latency',
    ...(header === undefined ? [] : ['-H', header]),
    url,
  ]);
  const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  if (!(rps > 0) || p99 === null || /Non-2xx/.test(stdout))
    throw new Error(`Cannot read wrk: ${stdout}${stderr}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const cost = (processorMicros(pid) - before) / requests;
  return { rps, cost, p99: Number(p99[1]) * { us: 0.001, ms: 1, s: 1000 }[p99[2] as 'us' | 'ms' | 's'] };
}

/** Of its one thread, by the scheduler's own count in nanoseconds. */
export function processorMicros(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
}

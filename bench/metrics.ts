// A scrape of 10,000 listeners of three members: how long the loop stands still, how much garbage it makes, with the cap of
// series as it comes and without; and the same as InfluxDB lines.
import { spawnSync } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { lineBatches } from '../src/doors/influx/line-protocol.ts';
import { MetricsPage } from '../src/doors/metrics/metrics-page.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../test/fixtures/build-intent.ts';
import { EngineControl } from '../test/fixtures/engine-control.ts';
import { machine, median, publish, row } from './report.ts';

const LISTENERS = 10_000;
const MEMBERS = 3;
const RUNS = 7;
const LIFE = '--one-life';
const CAPS = { 'cap 50,000': 50_000, 'no cap': 10_000_000 };
const MB = 1024 * 1024;
/** So large a young generation that nothing is collected within one scrape: what the heap grew by is what it made. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=2048', '--disable-warning=ExperimentalWarning'];

interface Figures {
  readonly ms: number;
  readonly cpuMs: number;
  readonly garbageMb: number;
  readonly collections: number;
  readonly series: number;
  readonly influxMs: number;
}

async function live(maxSeries: number): Promise<Figures> {
  const pools = Array.from({ length: LISTENERS }, (_, i) =>
    buildPool(
      `p${i}`,
      Array.from({ length: MEMBERS }, (_, m) => buildMember(`10.${m}.${i >> 8}.${i & 255}`, { port: 80 })),
    ),
  );
  const control = await EngineControl.begin(
    buildIntent({
      vips: [buildVip('www', '192.0.2.10')],
      listeners: pools.map(({ name }, i) => buildListener(`l${i}`, 'www', i + 1, { pool: name })),
      pools,
    }),
  );
  // Rounds of the engine would count as garbage of the scrape.
  await control.engine.close();
  const page = new MetricsPage(control, maxSeries);
  const [times, processor, grown, influx]: [number[], number[], number[], number[]] = [[], [], [], []];
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  let chunks: readonly Buffer[] = [];
  for (let run = 0; run < RUNS; run++) {
    chunks = [];
    globalThis.gc?.();
    // Collections of our own asking have been told when the loop comes round.
    await new Promise((resolve) => setTimeout(resolve, 20));
    observer.observe({ entryTypes: ['gc'] });
    const before = used();
    const cpu = process.threadCpuUsage();
    const began = performance.now();
    chunks = await page.read();
    times.push(performance.now() - began);
    const { user, system } = process.threadCpuUsage(cpu);
    processor.push((user + system) / 1000);
    grown.push((used() - before) / MB);
    await new Promise((resolve) => setTimeout(resolve, 20));
    observer.disconnect();
    const lines = performance.now();
    for (const _ of lineBatches(Buffer.concat(chunks).toString('utf8'), 0, 5000));
    influx.push(performance.now() - lines);
  }
  page.close();
  const text = Buffer.concat(chunks).toString('utf8');
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  return {
    ms: median(times),
    cpuMs: median(processor),
    garbageMb: median(grown),
    collections,
    series,
    influxMs: median(influx),
  };
}

/** On the heap and beside it. */
function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Each in a process of its own: the flags are for all of it. */
function inOwnLife(cap: number): Figures {
  const ended = spawnSync(process.execPath, [...FLAGS, import.meta.filename, LIFE, String(cap)], {
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (ended.status !== 0) throw new Error(`The child ended with ${ended.status ?? ended.signal}`);
  return JSON.parse(ended.stdout) as Figures;
}

if (process.argv[2] === LIFE) process.stdout.write(JSON.stringify(await live(Number(process.argv[3]))));
else {
  const rows = Object.entries(CAPS).flatMap(([name, cap]) => {
    const { ms, cpuMs, garbageMb, collections, series, influxMs } = inOwnLife(cap);
    return [
      row(`series, ${name}`, series, ''),
      row(`scrape, ${name}`, ms, 'ms', '< 1000'),
      row(`processor time of a scrape, ${name}`, cpuMs, 'ms'),
      row(`garbage of a scrape, ${name}`, garbageMb, 'MB', '< 100'),
      row(`collections told in ${RUNS} runs, ${name}`, collections, ''),
      row(`as InfluxDB lines, ${name}`, influxMs, 'ms'),
    ];
  });
  const conditions = { ...machine(), listeners: LISTENERS, members: MEMBERS, driver: 'memory' };
  if (!publish({ name: 'metrics', conditions, rows })) process.exitCode = 1;
}

// How long a big configuration takes from files to a checked Intent, cold, in a process of its own; and how it grows.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load as parse } from 'js-yaml';
import { loadConfig } from '../src/config/load.ts';
import { readConfigFiles } from '../src/doors/file/read-config-files.ts';
import { exponent, machine, median, publish, row } from './report.ts';

const SIZES = [1000, 2000, 5000, 10_000, 20_000, 50_000];
const WANTED = 10_000;
const MEMBERS = 3;
const FILES = 200;
const RUNS = 5;
const LBCTL = join(import.meta.dirname, '../lbctl');

interface Figures {
  readonly readMs: number;
  readonly loadMs: number;
  /** From the start of the process, modules included. */
  readonly totalMs: number;
  /** Processor time of reading and loading, all threads; steadier than the clock on a busy machine. */
  readonly cpuMs: number;
  readonly peakMb: number;
  /** The peer: js-yaml alone over the same texts, in the same process, warm. */
  readonly parserMs: number;
}

/** In the child: one load, cold, told on standard output. */
async function measure(config: string): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { files, diagnostics } = await readConfigFiles(config);
  const read = performance.now();
  const result = loadConfig(files, {});
  const loaded = performance.now();
  const used = process.cpuUsage(cpu);
  // Kilobytes on Linux.
  const peakMb = process.resourceUsage().maxRSS / 1024;
  if (result.intent === undefined || diagnostics.length + result.diagnostics.length > 0)
    throw new Error(`The generated configuration has faults: ${JSON.stringify(result.diagnostics[0])}`);
  const figures: Figures = {
    readMs: read - started,
    loadMs: loaded - read,
    totalMs: loaded,
    cpuMs: (used.user + used.system) / 1000,
    peakMb,
    parserMs: parseAgain(files.map((file) => file.source.text)),
  };
  process.stdout.write(JSON.stringify(figures));
}

function parseAgain(texts: readonly string[]): number {
  const started = performance.now();
  for (const text of texts) parse(text);
  return performance.now() - started;
}

function generate(dir: string, listeners: number): string {
  mkdirSync(join(dir, 'config.d'), { recursive: true });
  writeFileSync(
    join(dir, 'config.yaml'),
    'network: { frontend: { interface: eth0 } }\ninclude: config.d/*.yaml\n',
  );
  const texts = Array.from({ length: FILES }, () => ['listeners:']);
  for (let i = 0; i < listeners; i++) texts[i % FILES]!.push(listenerText(i));
  texts.forEach((lines, index) => {
    if (lines.length > 1) writeFileSync(join(dir, 'config.d', `${index}.yaml`), `${lines.join('\n')}\n`);
  });
  return join(dir, 'config.yaml');
}

function listenerText(i: number): string {
  const ip = (first: number, n: number) => `${first}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  const members = Array.from(
    { length: MEMBERS },
    (_, m) => `      - address: ${ip(10, i * MEMBERS + m)}\n        port: 8080\n        weight: ${100 + m}`,
  );
  return `  - name: service-${i}
    vip: ${ip(100, i)}
    port: 80
    protocol: tcp
    scheduler: wrr
    members:
${members.join('\n')}
    health:
      type: tcp
      interval: 5s
      timeout: 2s
      rise: 2
      fall: 3`;
}

function cold(config: string): Figures {
  const child = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, '--child', config], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (child.status !== 0) throw new Error(`The measured process failed: ${child.stderr}`);
  return JSON.parse(child.stdout) as Figures;
}

function middle(config: string, runs: number): Figures {
  const all = Array.from({ length: runs }, () => cold(config));
  const of = (key: keyof Figures) => median(all.map((figures) => figures[key]));
  return {
    readMs: of('readMs'),
    loadMs: of('loadMs'),
    totalMs: of('totalMs'),
    cpuMs: of('cpuMs'),
    peakMb: of('peakMb'),
    parserMs: of('parserMs'),
  };
}

/** The command as a person runs it, wrapper included; the first run fills the cache of compiled code. */
function validateTimes(config: string, cache: string): readonly number[] {
  return Array.from({ length: 1 + 2 * RUNS }, () => {
    const started = performance.now();
    const { status, stderr } = spawnSync(LBCTL, ['validate', '-c', config], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: cache },
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`"lbctl validate" failed: ${stderr}`);
    return performance.now() - started;
  });
}

function main(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'steelyard-bench-config-'));
  try {
    const points = SIZES.map((size) => ({
      size,
      ...middle(generate(join(dir, String(size)), size), size === WANTED ? RUNS : 3),
    }));
    const commands = validateTimes(generate(join(dir, 'small'), 3), join(dir, 'cache'));
    const wanted = points.find((point) => point.size === WANTED)!;
    const grows = (key: 'readMs' | 'loadMs') => exponent(points.map((point) => [point.size, point[key]]));
    return publish({
      name: 'config',
      conditions: { ...machine(), listeners: WANTED, membersEach: MEMBERS, files: FILES, runs: RUNS },
      rows: [
        row('load and validate, cold, from files', (wanted.readMs + wanted.loadMs) / 1000, 's', '< 1.5'),
        row('the same in processor time', wanted.cpuMs / 1000, 's'),
        row(
          'of that: read and parse YAML (peer: js-yaml alone, warm)',
          wanted.readMs,
          'ms',
          '',
          wanted.parserMs,
        ),
        row('of that: schema, decode, check, hash', wanted.loadMs, 'ms', '< 400'),
        row('whole process', wanted.totalMs / 1000, 's'),
        row('peak memory of the process', wanted.peakMb, 'MB', '< 300'),
        row('lbctl validate of 3 listeners', median(commands.slice(1)), 'ms', '< 300'),
        row('the same for the first time, with nothing in the code cache', commands[0]!, 'ms'),
        row('growth of reading, 1,000 to 50,000', grows('readMs'), 'exponent', '< 1.15'),
        row('growth of checking, 1,000 to 50,000', grows('loadMs'), 'exponent', '< 1.15'),
        ...points.map((point) =>
          row(`${point.size} listeners, load and validate`, point.readMs + point.loadMs, 'ms'),
        ),
      ],
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--child') await measure(process.argv[3]!);
else if (!main()) process.exitCode = 1;

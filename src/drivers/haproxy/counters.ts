// Counters that go on through reloads: each worker counts from nothing, so what ended workers had counted is kept by us.
import { readFileSync } from 'node:fs';
import type { ItemCounters } from '../../model/driver.ts';
import { backendName, frontendName } from './names.ts';
import type { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import type { Block } from './record-types.ts';
import { isBounded } from './render/backend.ts';
import { serverPlace } from './render/render.ts';
import { isUnwritable, replaceFile } from './run-files.ts';
import { ask, askThroughMaster } from './sockets.ts';
import { csvColumns } from './worker-state.ts';

/** In the order of SUMS and ADMISSIONS; what is open now is of the running workers alone. */
type Sums = readonly bigint[];
interface Figures {
  readonly sums: Sums;
  readonly active: number;
}
type Reading = ReadonlyMap<string, Figures>;

/** Columns of every row, and those of frontends alone, which stand far behind in it. */
const SUMS = ['stot', 'bin', 'bout', 'dreq', 'ereq'];
const ADMISSIONS = ['dcon', 'dses', 'ssl_failed_handshake'];
const ZERO: Sums = [...SUMS, ...ADMISSIONS].map(() => 0n);

export class Counters {
  readonly #process: HaproxyProcess;
  readonly #path: string;
  /** What workers that have ended had counted. */
  #ended = new Map<string, Sums>();
  /** The last reading of each worker that still runs. */
  #running = new Map<number, Reading>();
  #loaded = false;

  constructor(process: HaproxyProcess, runDir: string) {
    this.#process = process;
    this.#path = `${runDir}/counters.json`;
  }

  async items(record: Record): Promise<readonly ItemCounters[]> {
    await this.read();
    const found: ItemCounters[] = [];
    for (const block of record.blocks.values()) {
      const { key } = block.item;
      const name = block.frontend === '' ? `${backendName(key)} BACKEND` : `${frontendName(key)} FRONTEND`;
      found.push({ ...this.#item(key, name), ...this.#refused(block) });
      for (const member of record.members(key).values())
        found.push(this.#item(member.key, `${backendName(key)} ${serverPlace(member).name}`));
    }
    return found;
  }

  /** Called before a reload too: what a worker counts after its last reading is lost with it. */
  async read(): Promise<void> {
    this.#load();
    const pids = await this.#process.workers();
    const [first, ...older] = pids;
    const next = new Map<number, Reading>();
    if (first !== undefined) {
      next.set(first, toReading(await ask(this.#process.admin, COMMANDS)));
    }
    for (const pid of older) {
      // An old worker may end while we ask it.
      const said = await askThroughMaster(this.#process.master, `@!${pid}`, COMMANDS).catch(() => []);
      const reading = said[0]?.startsWith('# pxname') === true ? toReading(said) : this.#running.get(pid);
      if (reading !== undefined) next.set(pid, reading);
    }
    for (const [pid, reading] of this.#running) if (!next.has(pid)) this.#keep(reading);
    this.#running = next;
    this.#save();
  }

  #item(key: string, name: string): ItemCounters {
    const [connections = 0n, bytesIn = 0n, bytesOut = 0n] = this.#sums(name);
    let activeConnections = 0;
    for (const reading of this.#running.values()) activeConnections += reading.get(name)?.active ?? 0;
    return {
      key,
      connections,
      activeConnections,
      inactiveConnections: 0,
      packetsIn: 0n,
      packetsOut: 0n,
      bytesIn,
      bytesOut,
    };
  }

  #sums(name: string): Sums {
    let sums = this.#ended.get(name) ?? ZERO;
    for (const reading of this.#running.values()) {
      const figures = reading.get(name);
      if (figures !== undefined) sums = plus(sums, figures.sums);
    }
    return sums;
  }

  /** By what stands in its text: a listener that asks for no certificate and names no sources cannot refuse by them. */
  #refused({ item, frontend, backend, certificateList }: Block): Pick<ItemCounters, 'refused'> {
    const [, , , rules = 0n, requests = 0n, ...admissions] = this.#sums(`${frontendName(item.key)} FRONTEND`);
    const [connections = 0n, sessions = 0n, handshakes = 0n] = admissions;
    const [, , , queued = 0n] = this.#sums(`${backendName(item.key)} BACKEND`);
    const isHttp = frontend.includes('\n  mode http\n');
    const refused = {
      ...(SOURCES.test(frontend) ? { source: connections + sessions } : {}),
      ...(certificateList === '' ? {} : { tls: handshakes }),
      ...(isHttp || frontend.includes('tcp-request content reject') ? { rule: rules } : {}),
      ...(isHttp ? { request: requests } : {}),
      ...(isBounded(backend) ? { queue: queued } : {}),
    };
    return Object.keys(refused).length === 0 ? {} : { refused };
  }

  #keep(reading: Reading): void {
    for (const [name, { sums }] of reading) this.#ended.set(name, plus(this.#ended.get(name) ?? ZERO, sums));
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const { ended, running } = JSON.parse(text) as Saved;
    this.#ended = new Map(ended.map(([name, sums]) => [name, fromTexts(sums)]));
    this.#running = new Map(
      running.map(([pid, rows]) => [
        pid,
        new Map(rows.map(([name, sums]) => [name, { sums: fromTexts(sums), active: 0 }])),
      ]),
    );
  }

  #save(): void {
    const saved: Saved = {
      ended: [...this.#ended].map(([name, sums]) => [name, sums.map(String)]),
      running: [...this.#running].map(([pid, reading]) => [
        pid,
        [...reading].map(([name, { sums }]) => [name, sums.map(String)] as const),
      ]),
    };
    try {
      replaceFile(this.#path, JSON.stringify(saved));
    } catch (error) {
      // For the next daemon alone: the next reading writes all of it again.
      if (!isUnwritable(error)) throw error;
    }
  }
}

interface Saved {
  readonly ended: readonly (readonly [string, readonly string[]])[];
  readonly running: readonly (readonly [number, readonly (readonly [string, readonly string[]])[]])[];
}

/** Of a release that counted less, some are missing. */
function fromTexts(texts: readonly string[]): Sums {
  return ZERO.map((_, index) => BigInt(texts[index] ?? 0));
}

function plus(a: Sums, b: Sums): Sums {
  return ZERO.map((_, index) => (a[index] ?? 0n) + (b[index] ?? 0n));
}

/** A connection is refused before its TLS handshake, or once the PROXY header is read. */
const SOURCES = /^ {2}tcp-request (connection|session) reject /m;

/** All of it, and of frontends once more: who refuses connections stands at the end of a long row. */
const COMMANDS = ['show stat', 'show stat -1 1 -1'] as const;

function toReading([all = '', frontends = '']: readonly string[]): Reading {
  const reading = new Map<string, Figures>();
  const figures = (texts: readonly string[]) => texts.map((text) => BigInt(text));
  for (const [proxy, server, active, ...sums] of csvColumns(all, ['pxname', 'svname', 'scur', ...SUMS]))
    reading.set(`${proxy} ${server}`, { sums: figures(sums), active: Number(active) });
  for (const [proxy, server, ...admissions] of csvColumns(frontends, ['pxname', 'svname', ...ADMISSIONS])) {
    const known = reading.get(`${proxy} ${server}`);
    if (known !== undefined)
      reading.set(`${proxy} ${server}`, { ...known, sums: [...known.sums, ...figures(admissions)] });
  }
  return reading;
}

// Counters that go on through reloads: each worker counts from nothing, so what ended workers had counted is kept by us.
import { readFileSync } from 'node:fs';
import type { ItemCounters } from '../../model/driver.ts';
import { backendName, frontendName } from './names.ts';
import type { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import { serverPlace } from './render/render.ts';
import { isUnwritable, replaceFile } from './run-files.ts';
import { ask, askMaster } from './sockets.ts';
import { csvColumns } from './worker-state.ts';

/** Sessions, bytes in, bytes out: sums; what is open now is of the running workers alone. */
type Sums = readonly [connections: bigint, bytesIn: bigint, bytesOut: bigint];
interface Figures {
  readonly sums: Sums;
  readonly active: number;
}
type Reading = ReadonlyMap<string, Figures>;

const ZERO: Sums = [0n, 0n, 0n];

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
      found.push(this.#item(key, name));
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
      const [csv = ''] = await ask(this.#process.admin, ['show stat']);
      next.set(first, toReading(csv));
    }
    for (const pid of older) {
      // An old worker may end while we ask it.
      const csv = await askMaster(this.#process.master, `@!${pid} show stat`).catch(() => '');
      const reading = csv.startsWith('# pxname') ? toReading(csv) : this.#running.get(pid);
      if (reading !== undefined) next.set(pid, reading);
    }
    for (const [pid, reading] of this.#running) if (!next.has(pid)) this.#keep(reading);
    this.#running = next;
    this.#save();
  }

  #item(key: string, name: string): ItemCounters {
    let [connections, bytesIn, bytesOut] = this.#ended.get(name) ?? ZERO;
    let activeConnections = 0;
    for (const reading of this.#running.values()) {
      const figures = reading.get(name);
      if (figures === undefined) continue;
      connections += figures.sums[0];
      bytesIn += figures.sums[1];
      bytesOut += figures.sums[2];
      activeConnections += figures.active;
    }
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

  #keep(reading: Reading): void {
    for (const [name, { sums }] of reading) {
      const [connections, bytesIn, bytesOut] = this.#ended.get(name) ?? ZERO;
      this.#ended.set(name, [connections + sums[0], bytesIn + sums[1], bytesOut + sums[2]]);
    }
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

function fromTexts([connections = '0', bytesIn = '0', bytesOut = '0']: readonly string[]): Sums {
  return [BigInt(connections), BigInt(bytesIn), BigInt(bytesOut)];
}

const FIGURES = ['pxname', 'svname', 'stot', 'bin', 'bout', 'scur'];

function toReading(csv: string): Reading {
  const reading = new Map<string, Figures>();
  for (const [backend, server, total, bytesIn, bytesOut, active] of csvColumns(csv, FIGURES)) {
    const figure = (text: string | undefined) => BigInt(text ?? '');
    reading.set(`${backend} ${server}`, {
      sums: [figure(total), figure(bytesIn), figure(bytesOut)],
      active: Number(active),
    });
  }
  return reading;
}

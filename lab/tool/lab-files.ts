// What a lab that is up leaves on disk: its folder, with who runs where, so that any later command finds it.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Topology } from '../topology/topology.ts';

export interface LabProcess {
  readonly host: string;
  readonly program: 'lbctl' | 'web';
  readonly pid: number;
  /** As `startOf` says it: another process may have the pid one day. Undefined for one that ended before it was noted. */
  readonly started: number | undefined;
}

/** What any later command must know of a lab that is up. */
export interface LabRecord {
  /** Times every timer, as it was brought up. */
  readonly slower: number;
  readonly processes: readonly LabProcess[];
}

const HOME = '/run/lbctl-lab';
const BPF = '/sys/fs/bpf';
const FRR = '/var/run/frr';
const MANIFEST = 'lab.json';

export class LabFiles {
  readonly stem: string;
  readonly dir: string;

  constructor({ name }: Pick<Topology, 'name'>) {
    this.stem = `lbctl-${name}`;
    this.dir = join(HOME, name);
  }

  exists(): boolean {
    return existsSync(this.dir);
  }

  create(slower: number): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o755 });
    this.#write({ slower, processes: [] });
  }

  read(): LabRecord {
    try {
      return JSON.parse(readFileSync(join(this.dir, MANIFEST), 'utf8')) as LabRecord;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { slower: 1, processes: [] };
      throw error;
    }
  }

  /** One program of a name runs on a host. */
  add(one: LabProcess): void {
    const { slower, processes } = this.read();
    const others = processes.filter(({ host, program }) => host !== one.host || program !== one.program);
    this.#write({ slower, processes: [...others, one] });
  }

  #write(record: LabRecord): void {
    const path = join(this.dir, MANIFEST);
    writeFileSync(`${path}.tmp`, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(`${path}.tmp`, path);
  }

  hostDir(host: string): string {
    const dir = join(this.dir, host);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  config(host: string): string {
    return join(this.hostDir(host), 'config.yaml');
  }

  log(host: string, program: string): string {
    return join(this.hostDir(host), `${program}.log`);
  }

  bpfDir(host: string): string {
    return join(BPF, `${this.stem}-${host}`);
  }

  frrDir(host: string): string {
    return join(FRR, `${this.stem}-${host}`);
  }

  /** The files of the lab, wherever they are. */
  remove(): void {
    for (const folder of [BPF, FRR]) {
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder))
        if (name.startsWith(`${this.stem}-`)) rmSync(join(folder, name), { recursive: true, force: true });
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

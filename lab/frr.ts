// FRR daemons in a host of a lab: sockets in a directory of their own, gone with the lab.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { Vty } from '../src/kernel/vty.ts';
import type { Host } from './netns.ts';

/** Those of another generation may be given; see test/root/ha-next.slow.ts. */
const PROGRAMS = process.env.SY_FRR ?? '/usr/lib/frr';

export type FrrProgram = 'zebra' | 'bgpd' | 'bfdd' | 'vrrpd';

interface BfdRow {
  readonly peer: string;
  readonly status: string;
  readonly 'remote-receive-interval'?: number;
  readonly 'remote-transmit-interval'?: number;
}

export class LabFrr {
  readonly host: Host;
  /** `/var/run/frr/NAMESPACE` */
  readonly dir: string;
  readonly #pids = new Map<FrrProgram, number>();

  private constructor(host: Host) {
    this.host = host;
    this.dir = `/var/run/frr/${host.namespace}`;
  }

  /** FRR of a host that another process started. */
  static of(host: Host): LabFrr {
    return new LabFrr(host);
  }

  static async start(host: Host, programs: readonly FrrProgram[]): Promise<LabFrr> {
    const frr = new LabFrr(host);
    mkdirSync(frr.dir, { recursive: true });
    execFileSync('chown', ['frr:frr', frr.dir]);
    for (const program of programs) await frr.run(program);
    return frr;
  }

  async run(program: FrrProgram): Promise<void> {
    const { namespace } = this.host;
    const argv = [`${PROGRAMS}/${program}`, '-N', namespace!, '-f', '/dev/null'];
    const child = this.host.spawn([...argv, '-i', `${this.dir}/${program}.pid`]);
    this.#pids.set(program, child.pid!);
    const end = performance.now() + 10_000;
    while (!existsSync(`${this.dir}/${program}.vty`)) {
      if (performance.now() > end) throw new Error(`Cannot start ${program}: its socket does not appear`);
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
    }
  }

  pid(program: FrrProgram): number {
    return this.#pids.get(program)!;
  }

  /** Configuration lines, in order, from the top. */
  async configure(program: FrrProgram, lines: readonly string[]): Promise<void> {
    const vty = await Vty.open(`${this.dir}/${program}.vty`);
    for (const line of ['configure terminal', ...lines, 'end']) await vty.ask(line);
    vty.close();
  }

  async ask(program: FrrProgram, command: string): Promise<string> {
    const vty = await Vty.open(`${this.dir}/${program}.vty`);
    const text = await vty.ask(command);
    vty.close();
    return text;
  }

  /** Sessions begin slowly and agree on their timers some seconds later; until then silence is noticed later too. */
  async hasFastBfd(peer: string, everyMs: number): Promise<boolean> {
    const rows = JSON.parse(await this.ask('bfdd', 'show bfd peers json')) as BfdRow[];
    const row = rows.find((one) => one.peer === peer);
    return (
      row?.status === 'up' &&
      row['remote-receive-interval'] === everyMs &&
      row['remote-transmit-interval'] === everyMs
    );
  }

  removeFiles(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

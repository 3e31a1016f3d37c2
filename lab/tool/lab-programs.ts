// Starts, finds and signals the programs on the hosts of a lab that is up.

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { LabFrr } from '../frr.ts';
import { type Host, Lab } from '../netns.ts';
import { commandOf, execSync, startOf } from '../process.ts';
import { nodeConfig } from '../topology/node-config.ts';
import { nodeDaemonArgv, nodeDaemonEnv } from '../topology/node-daemon.ts';
import { ROUTER_PROGRAMS, startRouter } from '../topology/router.ts';
import { hostNames, isRouted, type Topology, usesFrr } from '../topology/topology.ts';
import type { LabFiles, LabProcess } from './lab-files.ts';

export class LabPrograms {
  readonly #topology: Topology;
  readonly #files: LabFiles;
  readonly #lbctl: readonly string[];

  constructor(topology: Topology, files: LabFiles, lbctl: readonly string[]) {
    this.#topology = topology;
    this.#files = files;
    this.#lbctl = lbctl;
  }

  host(name: string): Host {
    return Lab.hostOf(this.#files.stem, name);
  }

  async startAll(): Promise<void> {
    const { slower } = this.#files.read();
    const { servers, balancers } = this.#topology;
    if (this.#topology.choose === 'bgp' || this.#topology.choose === 'bgp-ecmp')
      await startRouter(this.host('router'), this.#topology);
    for (const name of servers) this.startWeb(name);
    for (const name of balancers) {
      if (usesFrr(this.#topology)) await LabFrr.start(this.host(name), ROUTER_PROGRAMS);
      const dir = this.#files.hostDir(name);
      const text = nodeConfig({ topology: this.#topology, node: name, dir, slower });
      writeFileSync(this.#files.config(name), text);
      this.startDaemon(name);
    }
  }

  startWeb(name: string): void {
    const argv = this.host(name).argv([...this.#lbctl, 'lab', 'program', 'web', name, '80']);
    this.#record(name, 'web', this.#spawn(name, 'web', argv, process.env));
  }

  startDaemon(name: string): void {
    const files = this.#files;
    const bpfDir = files.bpfDir(name);
    const argv = nodeDaemonArgv({
      topology: this.#topology,
      host: this.host(name),
      lbctl: this.#lbctl,
      config: files.config(name),
      bpfDir,
      frrDir: files.frrDir(name),
    });
    this.#record(name, 'lbctl', this.#spawn(name, 'lbctl', argv, nodeDaemonEnv({ bpfDir })));
  }

  /** Living processes of that program there: ours by record, others by the name the kernel has for them. */
  pidsOf(host: string, program: string): readonly number[] {
    const { processes } = this.#files.read();
    const recorded = processes.filter((one) => one.host === host && one.program === program);
    if (recorded.length > 0) return recorded.filter(runsStill).map((one) => one.pid);
    return this.#pids(host).filter((pid) => commandOf(pid) === program);
  }

  programsOn(host: string): readonly string[] {
    const ours = new Map(
      this.#files
        .read()
        .processes.filter(runsStill)
        .map((one) => [one.pid, one.program]),
    );
    const names = this.#pids(host).map((pid) => ours.get(pid) ?? commandOf(pid));
    return [...new Set(names)].filter((name) => name !== '').sort();
  }

  /** What was started and runs no more, and hosts that are gone: in words, as `host web1` or `lbctl on lb-a`. */
  missing(): readonly string[] {
    const there = new Set(Lab.hostsOf(this.#files.stem));
    const gone = hostNames(this.#topology).filter((host) => !there.has(host));
    const ended = this.#started()
      .filter(([host, program]) => there.has(host) && this.pidsOf(host, program).length === 0)
      .map(([host, program]) => `${program} on ${host}`);
    return [...gone.map((host) => `host ${host}`), ...ended];
  }

  #started(): readonly (readonly [host: string, program: string])[] {
    const { servers, balancers } = this.#topology;
    // Who is in a namespace only root can ask.
    const withFrr = usesFrr(this.#topology) && process.getuid?.() === 0;
    const routers = isRouted(this.#topology) ? ['router', ...balancers] : balancers;
    return [
      ...balancers.map((host) => [host, 'lbctl'] as const),
      ...servers.map((host) => [host, 'web'] as const),
      ...(withFrr
        ? routers.flatMap((host) => ROUTER_PROGRAMS.map((program) => [host, program] as const))
        : []),
    ];
  }

  #pids(host: string): readonly number[] {
    const { stdout } = execSync(['ip', 'netns', 'pids', `${this.#files.stem}-${host}`]);
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** Its output goes to a file; it stays when this process ends. */
  #spawn(host: string, program: string, argv: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const log = openSync(this.#files.log(host, program), 'a');
    const [command, ...args] = argv;
    const child = spawn(command!, args, { detached: true, stdio: ['ignore', log, log], env });
    child.unref();
    return child;
  }

  #record(host: string, program: 'lbctl' | 'web', { pid }: ChildProcess): void {
    this.#files.add({ host, program, pid: pid!, started: startOf(pid!) });
  }
}

function runsStill({ pid, started }: LabProcess): boolean {
  return started !== undefined && startOf(pid) === started;
}

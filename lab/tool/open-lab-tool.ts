// `lbctl lab`: topologies of namespaces that stay until they are taken down, with real daemons in them.
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chaos, LabMeasurement, LabTool as LabToolPort, LabTopology } from '../../src/cli/lab-tool.ts';
import { InputError, LbError, OpError } from '../../src/model/errors.ts';
import { LoadClient } from '../load-client.ts';
import { Lab } from '../netns.ts';
import { start } from '../process.ts';
import { REQUEST_MS } from '../programs/load.ts';
import { runProgram } from '../programs/run-program.ts';
import { buildNetwork } from '../topology/build-network.ts';
import { API_SOCKET } from '../topology/node-config.ts';
import { hostNames, TOPOLOGIES, type Topology, usesFrr } from '../topology/topology.ts';
import { doChaos, requireHost } from './chaos.ts';
import { LabFiles } from './lab-files.ts';
import { LabPrograms } from './lab-programs.ts';

export interface LabToolOptions {
  /** The command line of lbctl itself: daemons and web servers of a lab are started by it. */
  readonly lbctl: readonly string[];
  readonly claimSignals: (handler: (signal: NodeJS.Signals) => void, always?: 'always') => void;
}

/** The first start on a busy machine takes its time. */
const UP_MS = 90_000;
const LOOK_MS = 250;
/** Looks without a failed request before a lab counts as up. */
const STEADY_LOOKS = 3;
const UP_REQUESTS_PER_SECOND = 40;
const SETTLE_MS = 1000;
const PROGRAMS = ['ip', 'bridge', 'ethtool', 'nsenter', 'unshare', 'sysctl'];

export class LabTool implements LabToolPort {
  readonly #lbctl: readonly string[];
  readonly #claimSignals: LabToolOptions['claimSignals'];

  constructor({ lbctl, claimSignals }: LabToolOptions) {
    this.#lbctl = lbctl;
    this.#claimSignals = claimSignals;
  }

  async list(): Promise<readonly LabTopology[]> {
    return TOPOLOGIES.map((topology) => this.#rowOf(topology));
  }

  async up(
    name: string,
    { slower, say }: { readonly slower: number; readonly say: (line: string) => void },
  ): Promise<LabTopology> {
    const topology = find(name);
    requireMachine(topology);
    const files = new LabFiles(topology);
    if (isThere(files)) {
      const isWhole = this.#rowOf(topology).missing.length === 0;
      throw new InputError(
        'CONFLICT',
        `Cannot bring up lab "${name}" as ${isWhole ? 'it is up already' : 'half of it is there'}`,
        { hint: `"lbctl lab down ${name}" takes it down` },
      );
    }
    const interrupted = new AbortController();
    this.#claimSignals(() => {
      interrupted.abort();
      // At once: whoever presses Ctrl-C twice ends this process before it comes to its end.
      removeAll(files);
    });
    try {
      files.create(slower);
      say(`hosts and links: ${hostNames(topology).join(', ')}`);
      buildNetwork(Lab.lasting(files.stem), topology);
      await sleep(0);
      interrupted.signal.throwIfAborted();
      const programs = new LabPrograms(topology, files, this.#lbctl);
      say(`web servers and daemons: ${[...topology.servers, ...topology.balancers].join(', ')}`);
      await programs.startAll();
      say(`waiting until ${urlOf(topology)} answers`);
      await this.#untilServing(topology, files, interrupted.signal);
      return this.#rowOf(topology);
    } catch (error) {
      removeAll(files);
      if (error instanceof LbError) throw error;
      const why = interrupted.signal.aborted ? 'it was interrupted' : (error as Error).message;
      throw failed(`Cannot bring up lab "${name}" as ${why}`, error);
    }
  }

  async down(name: string): Promise<boolean> {
    const files = new LabFiles(find(name));
    requireRoot();
    const wasUp = isThere(files);
    removeAll(files);
    return wasUp;
  }

  async exec(name: string, host: string, argv: readonly string[]): Promise<number> {
    const { topology, files } = this.#opened(name);
    requireHost(topology, host);
    const own = {
      LBCTL_CONFIG: files.config(host),
      LBCTL_SOCKET: join(files.hostDir(host), API_SOCKET),
      LBCTL_BPF_DIR: files.bpfDir(host),
    };
    const inside = ['nsenter', `--net=/run/netns/${files.stem}-${host}`, ...argv];
    // From a source tree lbctl need not be on the PATH.
    const PATH = `${process.env.PATH ?? ''}${delimiter}${dirname(this.#lbctl[0]!)}`;
    const env = { ...process.env, PATH, ...(topology.balancers.includes(host) ? own : {}) };
    const child = start(inside, { stdio: 'inherit', env });
    // The terminal sends its Ctrl-C to the command itself; what only we are sent is passed on.
    this.#claimSignals((signal) => void (signal === 'SIGINT' || child.kill(signal)), 'always');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      // As shells tell it.
      child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  }

  async chaos(name: string, chaos: Chaos): Promise<string> {
    const { topology, programs } = this.#opened(name);
    return doChaos(topology, programs, chaos);
  }

  async measure(
    name: string,
    options: { readonly seconds: number; readonly perSecond: number; readonly chaos?: Chaos },
  ): Promise<LabMeasurement> {
    const { topology, files, programs } = this.#opened(name);
    const { seconds, perSecond, chaos } = options;
    const { slower } = files.read();
    const client = this.#client(topology, programs, perSecond, slower);
    try {
      await sleep(SETTLE_MS * slower);
      await client.seen();
      if (chaos !== undefined) await doChaos(topology, programs, chaos);
      await sleep(seconds * 1000);
      const { ok, failed: lost, byServer, longestGapMs } = await client.seen();
      const seen = { requests: ok + lost, failed: lost, longestGapMs, byServer };
      return { url: urlOf(topology), seconds, ...seen, ...(chaos === undefined ? {} : { chaos }) };
    } finally {
      await client.stop();
    }
  }

  async program(argv: readonly string[]): Promise<void> {
    runProgram(argv);
    await new Promise((resolve) => this.#claimSignals(() => resolve(undefined)));
  }

  #rowOf(topology: Topology): LabTopology {
    const { name, summary } = topology;
    const files = new LabFiles(topology);
    const there = isThere(files);
    const missing = there ? new LabPrograms(topology, files, this.#lbctl).missing() : [];
    const up = there && missing.length === 0;
    return { name, summary, hosts: hostNames(topology), url: urlOf(topology), up, missing };
  }

  #client(topology: Topology, programs: LabPrograms, perSecond: number, slower: number): LoadClient {
    const argv = [...this.#lbctl, 'lab', 'program'];
    const limitMs = REQUEST_MS * slower;
    return LoadClient.start(programs.host('client'), argv, urlOf(topology), perSecond, limitMs);
  }

  #opened(name: string): { topology: Topology; files: LabFiles; programs: LabPrograms } {
    const topology = find(name);
    requireRoot();
    const files = new LabFiles(topology);
    if (!files.exists())
      throw new InputError('NOT_FOUND', `Cannot find lab "${name}" as it is not up`, {
        hint: `"lbctl lab up ${name}" brings it up`,
      });
    return { topology, files, programs: new LabPrograms(topology, files, this.#lbctl) };
  }

  async #untilServing(topology: Topology, files: LabFiles, signal: AbortSignal): Promise<void> {
    const { slower } = files.read();
    const programs = new LabPrograms(topology, files, this.#lbctl);
    const client = this.#client(topology, programs, Math.ceil(UP_REQUESTS_PER_SECOND / slower), slower);
    const limitMs = UP_MS * slower;
    const end = performance.now() + limitMs;
    try {
      for (let steady = 0; steady < STEADY_LOOKS; ) {
        await sleep(LOOK_MS * slower, undefined, { signal });
        for (const name of topology.balancers)
          if (programs.pidsOf(name, 'lbctl').length === 0)
            throw failed(
              `Cannot bring up lab "${topology.name}" as lbctl ended on ${name}: ${lastWords(files, name)}`,
            );
        const { ok, failed: lost } = await client.seen();
        const listening = topology.balancers.every((name) =>
          existsSync(join(files.hostDir(name), API_SOCKET)),
        );
        steady = ok > 0 && lost === 0 && listening ? steady + 1 : 0;
        if (performance.now() > end)
          throw failed(
            `Cannot bring up lab "${topology.name}" as ${urlOf(topology)} did not answer in ${limitMs / 1000} s: ` +
              topology.balancers.map((name) => `${name} says ${lastWords(files, name)}`).join('; '),
          );
      }
    } finally {
      await client.stop();
    }
  }
}

function find(name: string): Topology {
  const topology = TOPOLOGIES.find((one) => one.name === name);
  if (topology !== undefined) return topology;
  throw new InputError('NOT_FOUND', `Cannot find lab "${name}"`, {
    hint: `There are ${TOPOLOGIES.map((one) => one.name).join(', ')}`,
  });
}

/** Also where its folder or its hosts alone are left. */
function isThere(files: LabFiles): boolean {
  return files.exists() || Lab.hostsOf(files.stem).length > 0;
}

function urlOf({ vip }: Topology): string {
  return `http://${vip}/`;
}

function removeAll(files: LabFiles): void {
  Lab.remove(files.stem);
  files.remove();
}

function requireRoot(): void {
  if (process.platform !== 'linux') throw failed(`Cannot run a lab on ${process.platform}`);
  if (process.getuid?.() !== 0)
    throw new InputError('DENIED', 'Cannot run a lab as it needs root: network namespaces are made for it', {
      hint: "Run it as root; this machine's own network is not touched",
    });
}

function requireMachine(topology: Topology): void {
  requireRoot();
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (usesFrr(topology) && !existsSync('/usr/lib/frr/bgpd')) missing.push('frr');
  if (topology.choose === 'vrrp' && !folders.some((folder) => existsSync(join(folder, 'keepalived'))))
    missing.push('keepalived');
  if (missing.length > 0)
    throw failed(`Cannot bring up lab "${topology.name}" as this machine lacks ${missing.join(', ')}`);
}

/** What the daemon said last, for whoever asks why. */
function lastWords(files: LabFiles, host: string): string {
  const lines = readFileSync(files.log(host, 'lbctl'), 'utf8').trim().split('\n');
  return lines.slice(-3).join('\n');
}

function failed(message: string, cause?: unknown): OpError {
  return new OpError('LAB_FAILED', message, { op: 'lab' }, { retry: 'never', cause });
}

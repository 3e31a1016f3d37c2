// The site of the demo: the pair of the labs with two real daemons, whose logs and client the story listens to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoadClient } from '../load-client.ts';
import { type Host, Lab } from '../netns.ts';
import { commandOf, exec, execSync, isAlive, stop } from '../process.ts';
import type { LoadReport } from '../programs/load.ts';
import { buildNetwork, type Hosts, portOf } from '../topology/build-network.ts';
import { API_SOCKET, nodeConfig } from '../topology/node-config.ts';
import { nodeDaemonArgv, nodeDaemonEnv } from '../topology/node-daemon.ts';
import { TOPOLOGIES } from '../topology/topology.ts';
import { LogLines } from './log-lines.ts';

const LBCTL = join(import.meta.dirname, '../../lbctl');
const PROGRAMS = [process.execPath, join(import.meta.dirname, '../programs/main.ts')];
const PAIR = TOPOLOGIES.find(({ name }) => name === 'pair')!;
const BPF = '/sys/fs/bpf';
export const SERVERS = ['web1', 'web2', 'web3'] as const;
export type ServerName = (typeof SERVERS)[number];
export const NODES = ['lb-a', 'lb-b'] as const;
export type NodeName = (typeof NODES)[number];
const REQUESTS_PER_SECOND = 200;
/** The first start on a busy machine compiles all of the source. */
const START_MS = 90_000;

interface Node {
  readonly host: Host;
  readonly dir: string;
  readonly config: string;
  readonly bpfDir: string;
  log: LogLines;
  child: ChildProcess | undefined;
}

export class DemoSite {
  readonly dir: string;
  readonly #lab: Lab;
  readonly #nodes = new Map<NodeName, Node>();
  readonly #servers = new Map<ServerName, ChildProcess>();
  #hosts: Hosts = new Map();
  #load: LoadClient | undefined;

  /** `prefix` names the lab: what a dead process of the same name left behind is removed first. */
  constructor(prefix = 'demo') {
    this.#lab = Lab.create(prefix);
    removeFilesOfTheDead(prefix);
    this.dir = mkdtempSync(join(tmpdir(), `lbctl-${prefix}-${process.pid}-`));
  }

  /** Makes hosts and links; what fails on the way is taken down by `close`. */
  build(): void {
    this.#hosts = buildNetwork(this.#lab, PAIR);
    for (const [i, name] of NODES.entries()) {
      const dir = join(this.dir, name);
      mkdirSync(dir);
      const bpfDir = join(BPF, `${this.dir.split('/').at(-1)}-${i}`);
      const config = join(this.dir, `${name}.yaml`);
      const host = this.host(name);
      this.#nodes.set(name, { host, dir, config, bpfDir, log: new LogLines(), child: undefined });
    }
  }

  host(name: string): Host {
    return this.#hosts.get(name)!;
  }

  node(name: NodeName): Node {
    return this.#nodes.get(name)!;
  }

  get vip(): string {
    return PAIR.vip;
  }

  configText(node: NodeName, states: Readonly<Record<string, 'enabled' | 'drain' | 'down'>> = {}): string {
    return nodeConfig({ topology: PAIR, node, dir: this.node(node).dir, states });
  }

  writeConfig(name: NodeName, text: string): void {
    writeFileSync(this.node(name).config, text);
  }

  /** lbctl as an operator of that node types it. */
  async lbctl(name: NodeName, ...args: readonly string[]): Promise<{ code: number; text: string }> {
    const { host, dir, config, bpfDir } = this.node(name);
    const env = { LBCTL_BPF_DIR: bpfDir, LBCTL_CONFIG: config, LBCTL_SOCKET: join(dir, API_SOCKET) };
    const argv = ['nsenter', `--net=/run/netns/${host.namespace}`, LBCTL, ...args];
    const { code, stdout, stderr } = await exec(argv, { env });
    return { code, text: code === 0 ? stdout : `${stdout}${stderr}` };
  }

  async startServer(name: ServerName): Promise<void> {
    const child = this.host(name).spawn([...PROGRAMS, 'web', name, '80'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#servers.set(name, child);
    await once(child.stdout!, 'data');
  }

  async killServer(name: ServerName): Promise<void> {
    await stop(this.#servers.get(name)!);
  }

  /** Resolves when the daemon says it is ready. */
  async startNode(name: NodeName): Promise<void> {
    const node = this.node(name);
    const { host, config, bpfDir } = node;
    const [command, ...argv] = nodeDaemonArgv({
      ...{ topology: PAIR, lbctl: [LBCTL], frrDir: '' },
      ...{ host, config, bpfDir },
    });
    const env = { ...nodeDaemonEnv({ bpfDir }), ...this.environmentOf(name) };
    node.child = this.#lab.keep(spawn(command!, argv, { stdio: ['ignore', 'pipe', 'pipe'], env }));
    node.log = new LogLines();
    node.log.follow(node.child);
    await node.log.next('ready', {}, START_MS);
  }

  /** More of it, for the daemon of a node. */
  environmentOf(_name: NodeName): Readonly<Record<string, string>> {
    return {};
  }

  /** Living processes of a host by the name the kernel has for them. */
  pidsOf(name: string, program: string): readonly number[] {
    const pids = execSync(['ip', 'netns', 'pids', this.host(name).namespace!]).stdout.split('\n');
    return pids.filter((pid) => pid !== '' && commandOf(Number(pid)) === program).map(Number);
  }

  /** As when the process crashes: nothing of it is told to stop. */
  async killNode(name: NodeName): Promise<void> {
    await stop(this.node(name).child!);
  }

  reload(name: NodeName): void {
    this.node(name).child!.kill('SIGHUP');
  }

  /** The node is off the network at once, as when its power fails: nothing of it is told to stop first. */
  cut(name: string, isCut = true): void {
    this.host(name).ip('link', 'set', 'eth0', isCut ? 'down' : 'up');
  }

  /** The switch forwards nothing of this host: its own link stays up, so only silence tells. */
  silence(name: string, isSilent = true): void {
    // 0 is disabled, 3 is forwarding (STP states of a bridge port).
    this.host('switch').run(
      ...['bridge', 'link', 'set', 'dev', portOf(PAIR, name)!],
      ...['state', isSilent ? '0' : '3'],
    );
  }

  startLoad(perSecond = REQUESTS_PER_SECOND): void {
    this.#load = LoadClient.start(this.host('client'), PROGRAMS, `http://${PAIR.vip}/`, perSecond);
  }

  /** What the client saw since the last call. */
  seen(): Promise<LoadReport> {
    return this.#load!.seen();
  }

  async endPrograms(): Promise<void> {
    for (const { child } of this.#nodes.values()) if (child !== undefined) await stop(child);
    await this.#load?.stop();
  }

  async close(): Promise<void> {
    await this.endPrograms();
    await this.#lab.close();
    for (const { bpfDir } of this.#nodes.values()) rmSync(bpfDir, { recursive: true, force: true });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Folders and pins of a process that was killed before it could clean up; its namespaces go with the next lab. */
function removeFilesOfTheDead(prefix: string): void {
  const pattern = new RegExp(`^lbctl-${prefix}-(\\d+)-`);
  for (const folder of [tmpdir(), BPF])
    for (const name of readdirSync(folder)) {
      const maker = pattern.exec(name)?.[1];
      if (maker === undefined || isAlive(Number(maker))) continue;
      // A disk of the soak may still be mounted there.
      for (const node of NODES) execSync(['umount', '-l', '-q', join(folder, name, node, 'state')]);
      rmSync(join(folder, name), { recursive: true, force: true });
    }
}

// The site of the demo: a client, a pair of balancers and three web servers on one switch, all in network namespaces.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Host, Lab } from '../netns.ts';
import { stop } from '../process.ts';
import type { LoadReport } from './load.ts';
import { LogLines } from './log-lines.ts';

const ROOT = join(import.meta.dirname, '../..');
export const VIP = '192.0.2.10';
export const SERVERS = ['web1', 'web2', 'web3'] as const;
export type ServerName = (typeof SERVERS)[number];
export type NodeName = 'lb-a' | 'lb-b';
const NODES: readonly NodeName[] = ['lb-a', 'lb-b'];
const REQUESTS_PER_SECOND = 200;

interface Node {
  readonly host: Host;
  readonly config: string;
  readonly bpfDir: string;
  readonly log: LogLines;
  child: ChildProcess;
}

export class DemoSite {
  readonly dir = mkdtempSync(join(tmpdir(), 'lbctl-demo-'));
  readonly #lab = Lab.create('demo');
  readonly #nodes = new Map<NodeName, Node>();
  readonly #servers = new Map<ServerName, { host: Host; child: ChildProcess | undefined }>();
  readonly #client: Host;
  #load: { child: ChildProcess; lines: AsyncIterator<string> } | undefined;

  constructor() {
    const network = this.#lab.host('switch');
    this.#client = this.#lab.host('client');
    const balancers = NODES.map((name) => this.#lab.host(name));
    const servers = SERVERS.map((name) => this.#lab.host(name));
    const ends = [
      { host: this.#client, device: 'eth0', addresses: ['192.0.2.100/24'] },
      ...balancers.map((host, i) => ({ host, device: 'eth0', addresses: [`192.0.2.${i + 1}/24`] })),
      ...servers.map((host, i) => ({ host, device: 'eth0', addresses: [`192.0.2.${i + 21}/24`] })),
    ];
    this.#lab.bridge(network, 'sw0', ends);
    ends.forEach(({ host }, i) => {
      // XDP sees frames as they are in memory: the sender must finish its checksums, and a veth end takes frames
      // from XDP only with GRO on.
      host.run('ethtool', '-K', 'eth0', 'tx', 'off');
      network.run('ethtool', '-K', `sw0p${i}`, 'gro', 'on');
    });
    SERVERS.forEach((name, i) => {
      this.#servers.set(name, { host: servers[i]!, child: undefined });
    });
    NODES.forEach((name, i) => {
      const config = join(this.dir, `${name}.yaml`);
      const bpfDir = `/sys/fs/bpf/lbctl-demo-${process.pid}-${i}`;
      this.#nodes.set(name, {
        host: balancers[i]!,
        config,
        bpfDir,
        log: new LogLines(),
        child: undefined as never,
      });
    });
  }

  node(name: NodeName): Node {
    return this.#nodes.get(name)!;
  }

  namespaceOf(name: string): string {
    return this.node('lb-a').host.namespace!.replace(/lb-a$/, name);
  }

  writeConfig(name: NodeName, text: string): void {
    writeFileSync(this.node(name).config, text);
  }

  async startServer(name: ServerName): Promise<void> {
    const server = this.#servers.get(name)!;
    const script = join(import.meta.dirname, 'web-server.ts');
    server.child = server.host.spawn([process.execPath, script, name, '80'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.child.stdout!, 'data');
  }

  async killServer(name: ServerName): Promise<void> {
    await stop(this.#servers.get(name)!.child!);
  }

  /** Resolves when the daemon says it is ready. */
  async startNode(name: NodeName): Promise<void> {
    const node = this.node(name);
    // nsenter and not "ip netns exec": the latter mounts a /sys of its own, and with it other BPF pins.
    const argv = [
      `--net=/run/netns/${node.host.namespace}`,
      join(ROOT, 'lbctl'),
      'daemon',
      '-c',
      node.config,
    ];
    const env = { ...process.env, LBCTL_BPF_DIR: node.bpfDir };
    node.child = this.#lab.keep(spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'pipe'], env }));
    node.log.follow(node.child);
    await node.log.next('ready');
  }

  reload(name: NodeName): void {
    this.node(name).child.kill('SIGHUP');
  }

  /** The node is gone at once, as when its power fails: nothing of it is told to stop first. */
  async cutNode(name: NodeName): Promise<void> {
    const { host } = this.node(name);
    host.ip('link', 'set', 'eth0', 'down');
  }

  async startLoad(): Promise<void> {
    const script = join(import.meta.dirname, 'load.ts');
    const argv = [process.execPath, script, `http://${VIP}/`, `${REQUESTS_PER_SECOND}`];
    const child = this.#client.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    this.#load = { child, lines };
  }

  /** What the client saw since the last call. */
  async seen(): Promise<LoadReport> {
    this.#load!.child.stdin!.write('\n');
    const { value } = await this.#load!.lines.next();
    return JSON.parse(value) as LoadReport;
  }

  async close(): Promise<void> {
    for (const { child } of this.#nodes.values()) if (child !== undefined) await stop(child);
    await this.#lab.close();
    for (const { bpfDir } of this.#nodes.values()) rmSync(bpfDir, { recursive: true, force: true });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

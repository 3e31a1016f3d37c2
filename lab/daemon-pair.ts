// A client, two nodes with real daemons and two members, all on one switch: what the scenarios of pairs have in common.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaemonNode } from './daemon-node.ts';
import { type Host, Lab } from './netns.ts';

export const VIP = '192.0.2.10';
export const CLIENT = '192.0.2.100';
export const MEMBERS = ['192.0.2.21', '192.0.2.22'] as const;

export class DaemonPair {
  readonly lab: Lab;
  readonly dir: string;
  readonly a: DaemonNode;
  readonly b: DaemonNode;
  readonly client: Host;
  readonly members: readonly Host[];
  readonly #network: Host;

  constructor(prefix: string) {
    this.lab = Lab.create(prefix);
    this.dir = mkdtempSync(join(tmpdir(), `${prefix}-`));
    const host = (name: string): Host => this.lab.host(name);
    this.#network = host('sw');
    this.client = host('c');
    const nodes = [host('a'), host('b')] as const;
    this.members = [host('m1'), host('m2')];
    const hosts = [...nodes, this.client, ...this.members];
    const addresses = ['192.0.2.1', '192.0.2.2', CLIENT, ...MEMBERS];
    this.lab.bridge(
      this.#network,
      'sw0',
      hosts.map((one, i) => ({ host: one, device: 'eth0', addresses: [`${addresses[i]}/24`] })),
    );
    hosts.forEach((one, i) => {
      // XDP sees frames as they are in memory: the sender must finish its checksums, and a veth end takes frames
      // from XDP only with GRO on.
      one.run('ethtool', '-K', 'eth0', 'tx', 'off');
      this.#network.run('ethtool', '-K', `sw0p${i}`, 'gro', 'on');
    });
    for (const node of nodes) node.sysctl('net.ipv4.ip_forward', 1);
    this.a = new DaemonNode(this.lab, nodes[0], join(this.dir, 'a'));
    this.b = new DaemonNode(this.lab, nodes[1], join(this.dir, 'b'));
  }

  /** Starts a program of the lab in a host and waits for its first word. */
  async run(host: Host, script: string, ...args: readonly string[]): Promise<ChildProcess> {
    const argv = [process.execPath, join(import.meta.dirname, script), ...args];
    const child = host.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    return child;
  }

  /** The switch forgets a node: its link stays up, so only silence tells. */
  cut(node: 'a' | 'b', isCut: boolean): void {
    const port = `sw0p${node === 'a' ? 0 : 1}`;
    this.#network.run('bridge', 'link', 'set', 'dev', port, 'state', isCut ? '0' : '3');
  }

  async close(): Promise<void> {
    for (const node of [this.a, this.b]) await node.kill();
    await this.lab.close();
    for (const node of [this.a, this.b]) node.removeFiles();
    if (process.env.LAB_KEEP !== '1') rmSync(this.dir, { recursive: true, force: true });
  }
}

// Scenario 4: a client, two nodes with daemons that tell each other of connections, and two members, on one switch.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TestCa } from '../test/root/haproxy-certificates.ts';
import { DaemonNode } from './daemon-node.ts';
import type { TalkReport } from './long-connections.ts';
import { type Host, Lab } from './netns.ts';

export const VIP = '192.0.2.10';
/** Members of mode nat have it as their gateway to the client. */
export const INNER_VIP = '192.0.2.11';
export const CLIENT = '192.0.2.100';
export const MEMBERS = ['192.0.2.21', '192.0.2.22'] as const;

export type SyncMode = 'fullnat' | 'nat';

export class SyncPair {
  readonly lab: Lab;
  readonly dir: string;
  readonly a: DaemonNode;
  readonly b: DaemonNode;
  readonly client: Host;
  readonly members: readonly Host[];
  readonly #network: Host;

  private constructor(prefix: string) {
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

  static async build(prefix: string): Promise<SyncPair> {
    const pair = new SyncPair(prefix);
    const ca = new TestCa(pair.dir);
    ca.issue('lb-a');
    ca.issue('lb-b');
    for (const member of pair.members) {
      member.route(`${CLIENT}/32`, 'via', INNER_VIP);
      await pair.run(member, 'echo-server.ts', '8080');
    }
    return pair;
  }

  /** Starts a program of the lab in a host and waits for its first word. */
  async run(host: Host, script: string, ...args: readonly string[]): Promise<ChildProcess> {
    const argv = [process.execPath, join(import.meta.dirname, script), ...args];
    const child = host.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    return child;
  }

  /** Conversations from the client to the VIP, each on a connection of its own. */
  async talk(count: number): Promise<Talks> {
    return new Talks(await this.run(this.client, 'long-connections.ts', VIP, '80', String(count)));
  }

  config(name: 'lb-a' | 'lb-b', mode: SyncMode, more = ''): string {
    const [peer, role] = name === 'lb-a' ? ['192.0.2.2', 'primary'] : ['192.0.2.1', 'secondary'];
    return `
node: { name: ${name}, role: ${role} }
network: { frontend: { interface: eth0 } }
engine: xdp
certificates: [{ name: node, certificate: ${this.dir}/${name}.pem, key: ${this.dir}/${name}.key }]
vips:
  - { name: www, address: ${VIP}/32, group: pair }
  - { name: inner, address: ${INNER_VIP}/32, group: pair }
listeners:
  - name: web
    vip: www
    port: 80
    mode: ${mode}${mode === 'fullnat' ? `\n    source_addresses: [${VIP}]` : ''}
    members: [{ address: ${MEMBERS[0]}, port: 8080 }, { address: ${MEMBERS[1]}, port: 8080 }]
    health: { type: tcp, interval: 500ms, timeout: 400ms, rise: 1 }
ha:
  groups: [{ name: pair, vrid: 51, advert: 100ms, priority: { primary: 250, secondary: 200 }, preempt: false }]
  sync: { interface: eth0, peers: [${peer}], certificate: node, ca: ${this.dir}/ca.pem, min_age: 500ms }
${more}`;
  }

  async startBoth(mode: SyncMode): Promise<void> {
    await this.a.start(this.config('lb-a', mode));
    await this.a.roleIs('active');
    await this.b.start(this.config('lb-b', mode));
    await this.b.roleIs('standby');
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

export class Talks {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Speaks on every connection and waits for the answers. */
  async check(): Promise<TalkReport> {
    this.#child.stdin!.write('check\n');
    const { value } = await this.#lines.next();
    return JSON.parse(value) as TalkReport;
  }
}

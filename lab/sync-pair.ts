// Scenario 4: a client, two nodes with daemons that tell each other of connections, and two members, on one switch.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { TestCa } from '../test/root/haproxy-certificates.ts';
import { CLIENT, DaemonPair, MEMBERS, VIP } from './daemon-pair.ts';
import type { TalkReport } from './long-connections.ts';

/** Members of mode nat have it as their gateway to the client. */
export const INNER_VIP = '192.0.2.11';

/** One listener for each mode whose connections are told, by its port. */
export const SYNC_PORTS = { fullnat: 80, nat: 81, onearm: 82 } as const;
export type SyncMode = keyof typeof SYNC_PORTS;
export const SYNC_MODES = Object.keys(SYNC_PORTS) as readonly SyncMode[];

export class SyncPair extends DaemonPair {
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

  /** Conversations from the client to the VIP, each on a connection of its own. */
  async talk(mode: SyncMode, count: number): Promise<Talks> {
    const port = String(SYNC_PORTS[mode]);
    return new Talks(await this.run(this.client, 'long-connections.ts', VIP, port, String(count)));
  }

  config(name: 'lb-a' | 'lb-b'): string {
    const [peer, role] = name === 'lb-a' ? ['192.0.2.2', 'primary'] : ['192.0.2.1', 'secondary'];
    return `
node: { name: ${name}, role: ${role} }
network: { frontend: { interface: eth0 } }
engine: xdp
certificates: [{ name: node, certificate: ${this.dir}/${name}.pem, key: ${this.dir}/${name}.key }]
vips:
  - { name: www, address: ${VIP}/32, group: pair }
  - { name: inner, address: ${INNER_VIP}/32, group: pair }
pools:
  - name: web
    members: [{ address: ${MEMBERS[0]}, port: 8080 }, { address: ${MEMBERS[1]}, port: 8080 }]
    health: { type: tcp, interval: 500ms, timeout: 400ms, rise: 1 }
listeners:
  - { name: fullnat, vip: www, port: ${SYNC_PORTS.fullnat}, mode: fullnat, source_addresses: [${VIP}], pool: web }
  - { name: nat, vip: www, port: ${SYNC_PORTS.nat}, mode: nat, pool: web }
  - { name: onearm, vip: www, port: ${SYNC_PORTS.onearm}, mode: onearm, pool: web }
ha:
  groups: [{ name: pair, vrid: 51, advert: 100ms, priority: { primary: 250, secondary: 200 }, preempt: false }]
  sync: { interface: eth0, peers: [${peer}], certificate: node, ca: ${this.dir}/ca.pem, min_age: 500ms }
`;
  }

  async startBoth(configOf = (name: 'lb-a' | 'lb-b'): string => this.config(name)): Promise<void> {
    await this.a.start(configOf('lb-a'));
    await this.a.roleIs('active');
    await this.b.start(configOf('lb-b'));
    await this.b.roleIs('standby');
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

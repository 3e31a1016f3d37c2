// Scenario 6, as the guide to Linux Virtual Server has it: two balancers with VRRP, real servers on the same network that
// answer clients directly, and a mail for every change.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { DaemonPair, MEMBERS, VIP } from './daemon-pair.ts';
import { LoadClient } from './load-client.ts';
import { withPrivateFiles } from './private-files.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PROGRAMS = [process.execPath, join(import.meta.dirname, 'programs/main.ts')];
const PORT = 2811;
const MAIL_PORT = 2525;

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

export class LvsPair extends DaemonPair {
  /** Mails in the order they came, of both nodes. */
  readonly mails: Mail[] = [];
  readonly #servers: ChildProcess[] = [];

  static async build(prefix: string): Promise<LvsPair> {
    const pair = new LvsPair(prefix);
    for (const [i, member] of pair.members.entries()) {
      const files = join(pair.dir, `rs${i + 1}`);
      await member.must(
        withPrivateFiles(files, [
          join(ROOT, 'lbctl'),
          'realserver',
          'apply',
          '--vip',
          VIP,
          '--persist',
          'none',
        ]),
      );
      await pair.serve(i);
    }
    for (const node of [pair.a, pair.b]) await pair.#openMailServer(node.host.spawn.bind(node.host));
    return pair;
  }

  async serve(member: number): Promise<void> {
    const argv = [...PROGRAMS, 'web', `rs${member + 1}`, String(PORT)];
    const child = this.members[member]!.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    this.#servers[member] = child;
  }

  stopServing(member: number): void {
    this.#servers[member]!.kill('SIGKILL');
  }

  load(perSecond: number): LoadClient {
    return LoadClient.start(this.client, PROGRAMS, `http://${VIP}:${PORT}/`, perSecond);
  }

  config(name: 'lb-a' | 'lb-b'): string {
    return `
node: { name: ${name}, role: ${name === 'lb-a' ? 'primary' : 'secondary'} }
network: { frontend: { interface: eth0 } }
engine: xdp
mode: dr
vips: [{ name: lvs, address: ${VIP}/24, group: VI_gridftp }]
listeners:
  - name: gridftp
    vip: lvs
    port: ${PORT}
    scheduler: wlc
    members: [{ name: rs1, address: ${MEMBERS[0]} }, { name: rs2, address: ${MEMBERS[1]} }]
    health: { type: tcp, interval: 500ms, timeout: 400ms, rise: 1, fall: 2 }
ha:
  groups: [{ name: VI_gridftp, vrid: 51, advert: 100ms, priority: { primary: 250, secondary: 200 } }]
notifications:
  mail: { from: ${name}@example.com, to: [admin@example.com], server: 127.0.0.1, port: ${MAIL_PORT}, tls: none }
`;
  }

  async #openMailServer(spawn: DaemonPair['client']['spawn']): Promise<void> {
    const script = join(ROOT, 'test/fixtures/smtp-server.py');
    const child = spawn(['/usr/bin/python3', script, String(MAIL_PORT), 'plain'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout! });
    await once(lines, 'line');
    lines.on('line', (line) => this.mails.push(JSON.parse(line) as Mail));
  }
}

// The network of the traffic tests: a client behind a router, and on one switch the balancer (this guest itself) and members.
//
//   client 10.1.0.2 -- 10.1.0.1 router 10.2.0.1 -- switch -- lb0 10.2.0.2 (balancer, VIP 10.2.0.100)
//                                                     +---- eth0 10.2.0.11.. (members m1, m2, m3)
import { once } from 'node:events';
import { join } from 'node:path';
import { type Host, Lab } from '../../../lab/netns.ts';
import { type Ask, ClientAgent, type Load } from './client-agent.ts';
import type { ClientReport } from './hosts/client.ts';

export const VIP4 = '10.2.0.100';
export const VIP6 = '2001:db8:2::100';
export const DEVICE = 'lb0';
export const PORTS = [80, 8080];
const NODE = ['node_modules/node/bin/node', '--disable-warning=ExperimentalWarning'];
const HOSTS = join(import.meta.dirname, 'hosts');

export interface Member {
  readonly name: string;
  readonly host: Host;
  readonly address4: string;
  readonly address6: string;
}

export class Topology {
  readonly lab: Lab;
  readonly client: Host;
  readonly router: Host;
  readonly members: readonly Member[];
  readonly #agent: ClientAgent;

  private constructor(lab: Lab, client: Host, router: Host, members: readonly Member[]) {
    this.lab = lab;
    this.client = client;
    this.router = router;
    this.members = members;
    const agent = client.spawn([...NODE, join(HOSTS, 'client.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#agent = new ClientAgent(agent);
  }

  static async create(prefix: string, count = 3): Promise<Topology> {
    const lab = Lab.create(prefix);
    const client = lab.host('client');
    const router = lab.host('router');
    const hub = lab.host('switch');
    const members = Array.from({ length: count }, (_, index) => ({
      name: `m${index + 1}`,
      host: lab.host(`m${index + 1}`),
      address4: `10.2.0.${11 + index}`,
      address6: `2001:db8:2::${11 + index}`,
    }));
    lab.link(
      { host: client, device: 'eth0', addresses: ['10.1.0.2/24', '2001:db8:1::2/64'] },
      { host: router, device: 'eth0', addresses: ['10.1.0.1/24', '2001:db8:1::1/64'] },
    );
    lab.bridge(hub, 'br0', [
      { host: router, device: 'eth1', addresses: ['10.2.0.1/24', '2001:db8:2::1/64'] },
      { host: lab.root, device: DEVICE, addresses: ['10.2.0.2/24', '2001:db8:2::2/64'] },
      ...members.map(({ host, address4, address6 }) => ({
        host,
        device: 'eth0',
        addresses: [`${address4}/24`, `${address6}/64`],
      })),
    ]);
    const forward = { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 };
    router.sysctls(forward);
    lab.root.sysctls({
      ...forward,
      // Otherwise the balancer would tell the client's router of a shorter way than through itself.
      'net.ipv4.conf.all.send_redirects': 0,
      [`net.ipv4.conf.${DEVICE}.send_redirects`]: 0,
    });
    client.ipAll(['10.1.0.1', '2001:db8:1::1'].map((hop) => ['route', 'add', 'default', 'via', hop]));
    lab.root.ipAll([
      ['route', 'replace', '10.1.0.0/24', 'via', '10.2.0.1'],
      ['route', 'replace', '2001:db8:1::/64', 'via', '2001:db8:2::1'],
    ]);
    const topology = new Topology(lab, client, router, members);
    topology.answerThrough('router');
    await Promise.all(members.map((member) => startMember(member)));
    return topology;
  }

  /** Which way members answer clients: past the balancer (dr, tunnel, onearm) or through it (nat). */
  answerThrough(hop: 'router' | 'balancer'): void {
    const last = hop === 'router' ? 1 : 2;
    const hops = [`10.2.0.${last}`, `2001:db8:2::${last}`];
    for (const { host } of this.members)
      host.ipAll(hops.map((hop) => ['route', 'replace', 'default', 'via', hop]));
  }

  /** Asks, waits, and closes what was held. */
  async ask(ask: Ask): Promise<ClientReport> {
    const load = this.#agent.load(ask);
    const report = await load.report;
    await load.finish();
    return report;
  }

  /** Requests in the background, until they are finished. */
  load(ask: Ask): Load {
    return this.#agent.load({ count: Number.MAX_SAFE_INTEGER, ...ask });
  }

  async close(): Promise<void> {
    await this.lab.close();
  }
}

async function startMember({ host, name }: Member): Promise<void> {
  const child = host.spawn([...NODE, join(HOSTS, 'member.ts'), name, ...PORTS.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
}

// A site of four hosts: a client behind a router that is the load balancer, and two members on links of their own. veth
// ends that XDP sends to need a program of their own; their senders must finish checksums themselves.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Host, Lab, type LinkEnd } from '../../lab/netns.ts';
import { start } from '../../lab/process.ts';
import type { XdpLimits } from '../../src/drivers/xdp/limits.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Member } from '../../src/model/pool.ts';
import type { World } from '../../src/model/world.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { resolve } from '../../src/plan/resolve.ts';
import { buildIntent, buildListener, buildPool, buildVip } from '../fixtures/build-intent.ts';
import type { Ask } from './asker.ts';

const ROOT = join(import.meta.dirname, '../..');
const NODE = process.execPath;
/** Takes tunnels apart; passes everything else. */
const DECAP = join(ROOT, 'build/bpf/decap.bpf.o');

export const ADDRESS = {
  client: { 4: '198.51.100.2', 6: '2001:db8:c::2' },
  vip: { 4: '192.0.2.10', 6: '2001:db8:ff::10' },
  m1: { 4: '10.0.1.2', 6: '2001:db8:1::2' },
  m2: { 4: '10.0.2.2', 6: '2001:db8:2::2' },
  nat: { 4: '10.0.1.200', 6: '2001:db8:1::200' },
} as const;

export class Site {
  readonly lab: Lab;
  readonly client: Host;
  readonly balancer: Host;
  readonly members: readonly Host[];
  readonly folder = `/sys/fs/bpf/lbctl-test-${process.pid}`;
  #asker: Promise<Agent> | undefined;

  /** With a tag, all addresses stand on VLANs of that number. */
  constructor(prefix: string, { tag }: { readonly tag?: number } = {}) {
    this.lab = Lab.create(prefix);
    this.client = this.lab.host('client');
    this.balancer = this.lab.host('lb');
    this.members = [this.lab.host('m1'), this.lab.host('m2')];
    const { lab, client, balancer } = this;
    const link = (...ends: readonly [LinkEnd, LinkEnd]) =>
      tag === undefined ? lab.link(...ends) : tagged(lab, tag, ends);
    const named = (device: string) => (tag === undefined ? device : `${device}.${tag}`);
    link(
      { host: client, device: 'eth0', addresses: [`${ADDRESS.client[4]}/24`, `${ADDRESS.client[6]}/64`] },
      { host: balancer, device: 'front', addresses: ['198.51.100.1/24', '2001:db8:c::1/64'] },
    );
    this.members.forEach((host, index) => {
      const n = index + 1;
      link(
        { host, device: 'eth0', addresses: [`10.0.${n}.2/24`, `2001:db8:${n}::2/64`] },
        { host: balancer, device: `back${n}`, addresses: [`10.0.${n}.1/24`, `2001:db8:${n}::1/64`] },
      );
      host.route('default', 'via', `10.0.${n}.1`);
      host.ip('-6', 'route', 'add', 'default', 'via', `2001:db8:${n}::1`);
    });
    client.route('default', 'via', '198.51.100.1');
    client.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:c::1');
    // fullnat's addresses belong to the balancer: members ask for them by ARP.
    balancer.ip('address', 'add', `${ADDRESS.nat[4]}/32`, 'dev', named('back1'));
    balancer.ip('address', 'add', `${ADDRESS.nat[6]}/128`, 'dev', named('back1'), 'nodad');
    balancer.sysctl('net.ipv4.ip_forward', 1);
    balancer.sysctl('net.ipv6.conf.all.forwarding', 1);
    for (const host of [client, ...this.members]) {
      host.run('ethtool', '-K', 'eth0', 'tx', 'off');
      // GRO alone makes veth take redirected frames, but those of XDP_TX then wait for the next ordinary one.
      host.ip('link', 'set', 'dev', 'eth0', 'xdp', 'object', DECAP, 'section', 'xdp');
      host.sysctl('net.ipv4.conf.all.rp_filter', 0);
      host.sysctl(`net/ipv4/conf/${named('eth0')}/rp_filter`, 0);
    }
    for (const device of ['front', 'back1', 'back2']) balancer.run('ethtool', '-K', device, 'tx', 'off');
  }

  /** Afterwards the balancer's kernel knows who is where, and so does a plane from its first packet on. */
  async meetNeighbours(): Promise<void> {
    const all = [ADDRESS.client, ADDRESS.m1, ADDRESS.m2].flatMap((one) => [one[4], one[6]]);
    await Promise.all(
      all.map((address) => this.balancer.must(['ping', '-q', '-c', '1', '-W', '20', address])),
    );
  }

  /** Members that answer as the VIP: dr and tunnel. */
  carryVips(): void {
    for (const host of this.members) {
      host.ip('address', 'add', `${ADDRESS.vip[4]}/32`, 'dev', 'lo');
      host.ip('address', 'add', `${ADDRESS.vip[6]}/128`, 'dev', 'lo', 'nodad');
    }
  }

  async serve(port: number): Promise<void> {
    await Promise.all(
      this.members.map(async (host, index) => {
        const child = host.spawn([NODE, join(ROOT, 'test/xdp/server.ts'), `m${index + 1}`, String(port)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(child.stdout!, 'data');
      }),
    );
  }

  /** `padding` makes datagrams of `udp` so much longer. */
  async ask(kind: Ask['ask'], host: string, port: number, count: number, padding = 0): Promise<Answer> {
    this.#asker ??= this.#startAsker();
    const asker = await this.#asker;
    return asker.ask<Answer>(kind, { host, port, count, padding });
  }

  async #startAsker(): Promise<Agent> {
    const child = this.client.spawn([NODE, join(ROOT, 'test/xdp/asker.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const asker = new Agent(child);
    await asker.ready();
    return asker;
  }

  /** Members that speak SCTP by hand, each on one address; they end with the site. */
  async serveSctp(addresses: readonly string[]): Promise<readonly ChildProcess[]> {
    const script = join(ROOT, 'test/xdp/sctp.ts');
    const children = addresses.map((address, index) =>
      this.members[index]!.spawn([NODE, script, 'member', `m${index + 1}`, address], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(children.map((child) => once(child.stdout!, 'data')));
    return children;
  }

  async askSctp(own: string, vip: string, port: number, count: number): Promise<Answer> {
    const argv = [
      'timeout',
      '20',
      NODE,
      join(ROOT, 'test/xdp/sctp.ts'),
      'client',
      own,
      vip,
      String(port),
      String(count),
    ];
    return JSON.parse(await this.client.must(argv)) as Answer;
  }

  /** Connections kept speaking; resolves once they are open. `finish` has each speak once more, and tells what became of all. */
  async hold(host: string, port: number, count: number): Promise<{ finish(): Promise<Answer> }> {
    const argv = [NODE, join(ROOT, 'test/xdp/holder.ts'), host, String(port), String(count)];
    const child = this.client.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! });
    const all = lines[Symbol.asyncIterator]();
    const first = await all.next();
    if (first.value !== 'open') throw new Error(`Cannot open connections: ${first.value}`);
    const answer = all.next().then(({ value }) => JSON.parse(value as string) as Answer);
    return {
      finish: () => {
        child.stdin!.end();
        return answer;
      },
    };
  }

  async agent(
    attach: 'auto' | 'native' | 'generic' = 'auto',
    limits: Partial<XdpLimits> = {},
  ): Promise<Agent> {
    const options = {
      objectPath: join(ROOT, 'build/bpf/steelyard.bpf.o'),
      folder: this.folder,
      interfaces: ['front', 'back1', 'back2'],
      attach,
      limits: { maxListeners: 1000, maxMembers: 4000, maxFlows: 65_536, ...limits },
    };
    // nsenter keeps the mounts, and with them the pins; "ip netns exec" would make a /sys of its own.
    const argv = [
      'nsenter',
      `--net=/run/netns/${this.balancer.namespace}`,
      NODE,
      join(ROOT, 'test/xdp/agent.ts'),
    ];
    const child = start([...argv, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lab.keep(child);
    const agent = new Agent(child);
    await agent.ready();
    return agent;
  }

  async close(): Promise<void> {
    await this.lab.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A link whose addresses are behind a tag at both ends. */
function tagged(lab: Lab, tag: number, ends: readonly [LinkEnd, LinkEnd]): void {
  const [a, b] = ends.map(({ host, device }) => ({ host, device })) as [LinkEnd, LinkEnd];
  lab.link(a, b);
  for (const { host, device, addresses = [] } of ends) {
    // Else tags travel beside the frames, where XDP does not see them.
    host.run('ethtool', '-K', device, 'txvlan', 'off');
    const name = `${device}.${tag}`;
    host.ip('link', 'add', 'link', device, 'name', name, 'type', 'vlan', 'id', String(tag));
    for (const address of addresses) host.address(name, address);
    host.ip('link', 'set', name, 'up');
  }
}

export interface Answer {
  readonly names: Readonly<Record<string, number>>;
  readonly seen: readonly string[];
  readonly failures: Readonly<Record<string, number>>;
}

export class Agent {
  readonly child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  hello:
    | { readonly interfaces: readonly Record<string, unknown>[]; readonly notes: readonly string[] }
    | undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#lines = createInterface({ input: child.stdout! });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    this.hello = (await this.#next()) as NonNullable<Agent['hello']>;
  }

  async ask<Reply = unknown>(ask: string, more: object = {}): Promise<Reply> {
    this.child.stdin!.write(`${JSON.stringify({ ask, ...more })}\n`);
    return (await this.#next()) as Reply;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The agent ended');
    return JSON.parse(value);
  }
}

/** One listener on the VIP of a family. */
export function siteWorld(
  family: 4 | 6,
  port: number,
  members: readonly Member[],
  listener: Partial<Listener>,
): World {
  const intent = buildIntent({
    vips: [buildVip('vip', ADDRESS.vip[family], { manage: false })],
    listeners: [buildListener('web', 'vip', port, { engine: 'xdp', ...listener })],
    pools: [buildPool('web', members)],
  });
  const world = resolve(intent, assumedFacts(intent, 0), { engine: 'xdp' });
  for (const one of world.unplaced) throw new Error(`Cannot build the world: ${one.detail}`);
  return world;
}

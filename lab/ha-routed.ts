// Scenarios 2 and 3: a client behind a router, two nodes that announce a VIP of no subnet by BGP.
// client 198.51.100.100 -- router -- switch 192.0.2.0/24 -- a .1, b .2; the router is .254.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBird } from './bird.ts';
import { LabFrr } from './frr.ts';
import { gobgpNextHops, startGobgp } from './gobgp.ts';
import { HaNode } from './ha-node.ts';
import { type Host, Lab } from './netns.ts';
import { until } from './until.ts';

export const ROUTED_VIP = '203.0.113.1';
export const ROUTER = '192.0.2.254';
export const PASSWORD = 'not-a-word';
const ROUTER_AS = 65101;
const NODES_AS = 65100;
const NODES = ['192.0.2.1', '192.0.2.2'];

export interface Routed {
  readonly lab: Lab;
  readonly a: HaNode;
  readonly b: HaNode;
  readonly router: Host;
  readonly client: Host;
  readonly routerFrr: LabFrr | undefined;
  /** The next hops of the router to the VIP, sorted; of gobgpd, which writes no routes into the kernel, its best ones. */
  nextHops(): readonly string[];
  /** Resolves when they are these. */
  nextHopsAre(hops: readonly string[], withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function buildRouted(prefix: string, make: 'frr' | 'bird' | 'gobgp'): Promise<Routed> {
  const lab = Lab.create(prefix);
  const dir = mkdtempSync(join(tmpdir(), `${prefix}-`));
  const host = (name: string): Host => lab.host(name);
  const [network, hostA, hostB, router, client] = [host('sw'), host('a'), host('b'), host('r'), host('c')];
  lab.bridge(network, 'sw0', [
    { host: hostA, device: 'eth0', addresses: ['192.0.2.1/24'] },
    { host: hostB, device: 'eth0', addresses: ['192.0.2.2/24'] },
    { host: router, device: 'eth0', addresses: [`${ROUTER}/24`] },
  ]);
  lab.link(
    { host: router, device: 'eth1', addresses: ['198.51.100.1/24'] },
    { host: client, device: 'eth0', addresses: ['198.51.100.100/24'] },
  );
  client.route('default', 'via', '198.51.100.1');
  router.sysctl('net.ipv4.ip_forward', 1);
  router.sysctl('net.ipv4.fib_multipath_hash_policy', 1);
  for (const one of [hostA, hostB]) one.route('default', 'via', ROUTER);

  const nodes = [new HaNode(hostA, join(dir, 'a')), new HaNode(hostB, join(dir, 'b'))] as const;
  const frrs: LabFrr[] = [];
  for (const node of nodes) {
    const frr = await LabFrr.start(node.host, ['zebra', 'bfdd', 'bgpd']);
    frrs.push(frr);
    node.frrDir = frr.dir;
  }
  const routerFrr = make === 'frr' ? await LabFrr.start(router, ['zebra', 'bfdd', 'bgpd']) : undefined;
  const bgp = { as: ROUTER_AS, address: ROUTER, nodes: NODES, nodesAs: NODES_AS, password: PASSWORD };
  if (make === 'bird') startBird(router, dir, bgp);
  if (make === 'gobgp') startGobgp(router, dir, bgp);
  if (routerFrr !== undefined) {
    frrs.push(routerFrr);
    await routerFrr.configure('bfdd', ['bfd', ...PROFILE]);
    await routerFrr.configure('bgpd', ROUTER_BGP);
  }
  const nextHops = (): readonly string[] =>
    make === 'gobgp' ? gobgpNextHops(router, dir, ROUTED_VIP) : hopsInKernel();
  const hopsInKernel = (): readonly string[] =>
    [...router.ip('route', 'show', `${ROUTED_VIP}/32`).matchAll(/via (\S+)/g)]
      .map((match) => match[1]!)
      .sort();
  return {
    lab,
    a: nodes[0],
    b: nodes[1],
    router,
    client,
    routerFrr,
    nextHops,
    nextHopsAre: (hops, withinMs = 15_000) =>
      until(`next hops ${hops.join()}`, () => nextHops().join() === hops.join(), withinMs),
    async close() {
      for (const node of nodes) await node.end('kill');
      await lab.close();
      for (const frr of frrs) frr.removeFiles();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const PROFILE = ['profile fast', 'detect-multiplier 3', 'receive-interval 50', 'transmit-interval 50'];

const ROUTER_BGP = [
  'route-map ANY permit 10',
  `router bgp ${ROUTER_AS}`,
  ...NODES.flatMap((peer) => [
    `neighbor ${peer} remote-as ${NODES_AS}`,
    `neighbor ${peer} password ${PASSWORD}`,
    `neighbor ${peer} timers 1 3`,
    `neighbor ${peer} timers connect 1`,
    `neighbor ${peer} bfd`,
    `neighbor ${peer} bfd profile fast`,
  ]),
  'address-family ipv4 unicast',
  'maximum-paths 8',
  ...NODES.flatMap((peer) => [`neighbor ${peer} route-map ANY in`, `neighbor ${peer} route-map ANY out`]),
];

/** A node of scenario 2 (`bgp`) or 3 (`bgp-ecmp`). */
export function routedConfig(role: 'primary' | 'secondary', choose: 'bgp' | 'bgp-ecmp', more = ''): string {
  const [name, own, other] =
    role === 'primary' ? ['lb-a', '192.0.2.1', '192.0.2.2'] : ['lb-b', '192.0.2.2', '192.0.2.1'];
  return `
node: { name: ${name}, role: ${role} }
network: { frontend: { interface: lo } }
vips: [{ name: any, address: ${ROUTED_VIP}, group: pair, advertise: true }]
listeners: [{ name: web, vip: any, port: 80, members: [{ address: 192.0.2.21 }] }]
ha:
  provider: frr
  groups: [{ name: pair, choose: ${choose}, interface: eth0 }]
  bfd:
    - { name: tor, peer: ${ROUTER}, transmit: 50ms, receive: 50ms, multiplier: 3 }
    - { name: other, peer: ${other}, local: ${own}, interface: eth0, transmit: 50ms, receive: 50ms, multiplier: 3 }
  bgp:
    local_as: 65100
    router_id: ${own}
    peers:
      - { name: tor1, address: ${ROUTER}, remote_as: 65101, password: ${PASSWORD}, bfd: tor, hold: 3s, keepalive: 1s${more} }
    communities: ["65100:100"]
`;
}

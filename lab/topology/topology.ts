// What a lab is made of, as data: one switch with balancers and web servers, and a client beside or behind a router.

export interface Topology {
  readonly name: string;
  /** One line for `lbctl lab list`. */
  readonly summary: string;
  readonly balancers: readonly string[];
  readonly servers: readonly string[];
  readonly vip: string;
  /** How members get packets. */
  readonly mode: 'onearm' | 'dr';
  /** Who carries the address: one node alone, a role by VRRP or BFD, or a route by BGP. */
  readonly choose: 'alone' | 'vrrp' | 'bfd' | 'bgp' | 'bgp-ecmp';
}

const PAIR = { balancers: ['lb-a', 'lb-b'], servers: ['web1', 'web2', 'web3'] } as const;
const ON_THE_SWITCH = '192.0.2.10';
/** Of no subnet there: only a route leads to it. */
const ROUTED = '203.0.113.1';

export const TOPOLOGIES: readonly Topology[] = [
  {
    name: 'single',
    summary: 'one balancer, three web servers',
    balancers: ['lb-a'],
    servers: PAIR.servers,
    vip: ON_THE_SWITCH,
    mode: 'onearm',
    choose: 'alone',
  },
  {
    name: 'dr',
    summary: 'one balancer; three web servers that answer clients directly',
    balancers: ['lb-a'],
    servers: PAIR.servers,
    vip: ON_THE_SWITCH,
    mode: 'dr',
    choose: 'alone',
  },
  {
    name: 'pair',
    summary: 'two balancers, the address moves by VRRP (keepalived)',
    ...PAIR,
    vip: ON_THE_SWITCH,
    mode: 'onearm',
    choose: 'vrrp',
  },
  {
    name: 'bfd',
    summary: 'two balancers that watch each other by BFD (FRR)',
    ...PAIR,
    vip: ON_THE_SWITCH,
    mode: 'onearm',
    choose: 'bfd',
  },
  {
    name: 'bgp',
    summary: 'client behind a router; two balancers announce the address, the router prefers one',
    ...PAIR,
    vip: ROUTED,
    mode: 'onearm',
    choose: 'bgp',
  },
  {
    name: 'ecmp',
    summary: 'client behind a router that spreads over both balancers',
    ...PAIR,
    vip: ROUTED,
    mode: 'onearm',
    choose: 'bgp-ecmp',
  },
];

export function isRouted({ choose }: Topology): boolean {
  return choose === 'bgp' || choose === 'bgp-ecmp';
}

export function usesFrr({ choose }: Topology): boolean {
  return choose === 'bfd' || choose === 'bgp' || choose === 'bgp-ecmp';
}

export const ROUTER_ADDRESS = '192.0.2.254';
export const LOCAL_AS = 65100;
export const ROUTER_AS = 65101;
/** Of a session between namespaces of one machine: no secret. */
export const BGP_PASSWORD = 'not-a-word';

export function balancerAddress({ balancers }: Topology, name: string): string {
  return `192.0.2.${balancers.indexOf(name) + 1}`;
}

export function serverAddress({ servers }: Topology, name: string): string {
  return `192.0.2.${servers.indexOf(name) + 21}`;
}

export function hostNames(topology: Topology): readonly string[] {
  const router = isRouted(topology) ? ['router'] : [];
  return ['switch', 'client', ...router, ...topology.balancers, ...topology.servers];
}

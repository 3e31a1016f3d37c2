// The configuration of a node of a lab, as a person would write it.
import { join } from 'node:path';
import {
  BGP_PASSWORD,
  balancerAddress,
  isRouted,
  LOCAL_AS,
  ROUTER_ADDRESS,
  ROUTER_AS,
  serverAddress,
  type Topology,
} from './topology.ts';

export interface NodeConfigOptions {
  readonly topology: Topology;
  readonly node: string;
  /** Folder of the node: its state, its socket. */
  readonly dir: string;
  /** What an operator asks of members, by name; the rest is enabled. */
  readonly states?: Readonly<Record<string, 'enabled' | 'drain' | 'down'>>;
  /** Times every timer, for machines that cannot keep up with a tenth of a second. */
  readonly slower?: number;
}

export const API_SOCKET = 'api.sock';

export function nodeConfig({ topology, node, dir, states = {}, slower = 1 }: NodeConfigOptions): string {
  const ms = (time: number): string => `${time * slower}ms`;
  const { balancers, servers, vip, mode } = topology;
  const role = balancers.length === 1 ? 'single' : node === balancers[0] ? 'primary' : 'secondary';
  const members = servers.map((name) => {
    const state = states[name] === undefined ? '' : `, state: ${states[name]}`;
    return `      - { name: ${name}, address: ${serverAddress(topology, name)}, port: 80, weight: 100${state} }\n`;
  });
  const place = isRouted(topology) ? '/32, interface: lo, advertise: true' : '/24';
  const group = topology.choose === 'alone' ? '' : ', group: pair';
  return `node: { name: ${node}, role: ${role} }
network: { frontend: { interface: eth0 } }
engine: auto
mode: ${mode}

vips:
  - { name: www, address: ${vip}${place}${group} }

listeners:
  - name: web
    vip: www
    port: 80
    scheduler: wrr
    pool: web

pools:
  - name: web
    members:
${members.join('')}    health: { type: http, path: /, interval: ${ms(200)}, fast_interval: ${ms(100)}, timeout: ${ms(100)}, rise: 2, fall: 2 }
    slow_start: 5s
${haPart(topology, node, ms)}
system:
  state_dir: ${join(dir, 'state')}
  run_dir: ${join(dir, 'run')}
metrics: { prometheus: { enabled: false } }
logging: { format: json }
api: { socket: ${join(dir, API_SOCKET)} }
`;
}

function haPart(topology: Topology, node: string, ms: (time: number) => string): string {
  const { choose, balancers } = topology;
  if (choose === 'alone') return '';
  const own = balancerAddress(topology, node);
  const other = balancerAddress(topology, balancers.find((name) => name !== node)!);
  const fast = `transmit: ${ms(50)}, receive: ${ms(50)}, multiplier: 3`;
  const peer = `    - { name: peer, peer: ${other}, local: ${own}, interface: eth0, ${fast} }\n`;
  if (choose === 'vrrp')
    return `
ha:
  groups:
    - name: pair
      vrid: 51
      advert: ${ms(100)}
      priority: { primary: 250, secondary: 200 }
`;
  if (choose === 'bfd')
    return `
ha:
  provider: frr
  groups: [{ name: pair, choose: bfd }]
  bfd:
${peer}`;
  return `
ha:
  provider: frr
  groups: [{ name: pair, choose: ${choose}, interface: eth0 }]
  bfd:
    - { name: router, peer: ${ROUTER_ADDRESS}, ${fast} }
${peer}  bgp:
    local_as: ${LOCAL_AS}
    router_id: ${own}
    peers:
      - { name: router, address: ${ROUTER_ADDRESS}, remote_as: ${ROUTER_AS}, password: ${BGP_PASSWORD}, bfd: router, hold: 3s, keepalive: 1s }
`;
}

// The configuration of the demo's two nodes, as a person would write it.
import { join } from 'node:path';
import type { NodeName } from './site.ts';

export interface DemoConfig {
  readonly node: NodeName;
  readonly dir: string;
  /** Operator state of web3. */
  readonly web3?: 'enabled' | 'drain';
}

export function demoConfig({ node, dir, web3 = 'enabled' }: DemoConfig): string {
  return `node: { name: ${node}, role: ${node === 'lb-a' ? 'primary' : 'secondary'} }
network: { frontend: { interface: eth0 } }
engine: auto
mode: onearm

vips:
  - { name: www, address: 192.0.2.10/24, group: pair }

listeners:
  - name: web
    vip: www
    port: 80
    scheduler: wrr
    pool: web

pools:
  - name: web
    members:
      - { name: web1, address: 192.0.2.21, port: 80, weight: 100 }
      - { name: web2, address: 192.0.2.22, port: 80, weight: 100 }
      - { name: web3, address: 192.0.2.23, port: 80, weight: 100, state: ${web3} }
    health: { type: http, path: /, interval: 200ms, fast_interval: 100ms, timeout: 100ms, rise: 2, fall: 2 }
    slow_start: 5s

ha:
  groups:
    - name: pair
      vrid: 51
      advert: 100ms
      priority: { primary: 250, secondary: 200 }

system:
  state_dir: ${join(dir, node, 'state')}
  run_dir: ${join(dir, node, 'run')}
metrics: { prometheus: { enabled: false } }
logging: { format: json }
api: { socket: ${join(dir, node, 'api.sock')} }
`;
}

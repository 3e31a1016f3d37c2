// Scenario 1 and 6: two nodes and a client on one switch, layer 2 all the way.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HaNode } from './ha-node.ts';
import { type Host, Lab } from './netns.ts';

export interface Pair {
  readonly lab: Lab;
  readonly a: HaNode;
  readonly b: HaNode;
  readonly client: Host;
  readonly dir: string;
  /** The switch forgets one node (or remembers it again): its link stays up, so only silence tells. */
  cut(node: 'a' | 'b', isCut: boolean): void;
  close(): Promise<void>;
}

export const ADDRESS_A = '192.0.2.1';
export const ADDRESS_B = '192.0.2.2';
export const VIP = '192.0.2.10';
export const VIP6 = '2001:db8::10';

/** Nodes have `eth0` on the switch, 192.0.2.1 and .2; the client is .100. */
export function buildPair(prefix: string): Pair {
  const lab = Lab.create(prefix);
  const dir = mkdtempSync(join(tmpdir(), `${prefix}-`));
  const [network, hostA, hostB, client] = ['switch', 'a', 'b', 'client'].map((name) => lab.host(name)) as [
    Host,
    Host,
    Host,
    Host,
  ];
  lab.bridge(network, 'sw0', [
    { host: hostA, device: 'eth0', addresses: [`${ADDRESS_A}/24`, '2001:db8::1/64'] },
    { host: hostB, device: 'eth0', addresses: [`${ADDRESS_B}/24`, '2001:db8::2/64'] },
    { host: client, device: 'eth0', addresses: ['192.0.2.100/24', '2001:db8::100/64'] },
  ]);
  const [a, b] = [new HaNode(hostA, join(dir, 'a')), new HaNode(hostB, join(dir, 'b'))];
  return {
    lab,
    a,
    b,
    client,
    dir,
    cut: (node, isCut) =>
      // 0 is disabled, 3 is forwarding (STP states of a bridge port).
      void network.run(
        'bridge',
        'link',
        'set',
        'dev',
        `sw0p${node === 'a' ? 0 : 1}`,
        'state',
        isCut ? '0' : '3',
      ),
    async close() {
      for (const node of [a, b]) await node.end('kill');
      // Whatever still runs in the namespaces ends with them.
      await lab.close();
      if (process.env.LAB_KEEP !== '1') rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The flat pair: VRRP at 100 ms adverts. Priorities near the top keep the skew small (docs/guide/ha-vrrp.md). */
export function pairConfig(role: 'primary' | 'secondary', group = '', more = ''): string {
  return `
node: { name: lb-${role === 'primary' ? 'a' : 'b'}, role: ${role} }
network: { frontend: { interface: eth0 } }
vips: [{ name: www, address: ${VIP}/32, group: pair }]
listeners:
  - { name: web, vip: www, port: 80, members: [{ address: 192.0.2.21 }] }
ha:
  groups: [{ name: pair, vrid: 51, advert: 100ms, priority: { primary: 250, secondary: 200 }${group} }]
${more}`;
}

/** The same pair, where the nodes watch each other by BFD and no VRRP is spoken. */
export function bfdConfig(role: 'primary' | 'secondary'): string {
  const [own, other] = role === 'primary' ? [ADDRESS_A, ADDRESS_B] : [ADDRESS_B, ADDRESS_A];
  return `
node: { name: lb-${role === 'primary' ? 'a' : 'b'}, role: ${role} }
network: { frontend: { interface: eth0 } }
vips: [{ name: www, address: ${VIP}/32, group: pair }]
listeners: [{ name: web, vip: www, port: 80, members: [{ address: 192.0.2.21 }] }]
ha:
  provider: frr
  groups: [{ name: pair, choose: bfd }]
  bfd: [{ name: peer, peer: ${other}, local: ${own}, interface: eth0, transmit: 50ms, receive: 50ms, multiplier: 3 }]
`;
}

/** A configuration of the pair in the family of the VIP: members and sessions too. */
export function inFamilyOf(vip: string, yaml: string): string {
  if (vip === VIP) return yaml;
  return yaml
    .replace(`${VIP}/32`, `"${VIP6}/128"`)
    .replace(/\b192\.0\.2\.(\d+)\b/g, (_, last: string) => `"2001:db8::${last}"`);
}

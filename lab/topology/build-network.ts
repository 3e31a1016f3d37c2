// Makes the hosts and links of a topology: namespaces, one switch, addresses, routes, and what XDP on veth asks for.
import type { Host, Lab, LinkEnd } from '../netns.ts';
import {
  balancerAddress,
  hostNames,
  isRouted,
  ROUTER_ADDRESS,
  serverAddress,
  type Topology,
} from './topology.ts';

const SWITCH = 'sw0';
const CLIENT = '192.0.2.100';
const CLIENT_BEHIND_ROUTER = '198.51.100.100';

export type Hosts = ReadonlyMap<string, Host>;

export function buildNetwork(lab: Lab, topology: Topology): Hosts {
  const hosts = new Map(hostNames(topology).map((name) => [name, lab.host(name)] as const));
  const network = hosts.get('switch')!;
  const ends = portsOf(topology).map(
    ({ name, address }): LinkEnd => ({ host: hosts.get(name)!, device: 'eth0', addresses: [address] }),
  );
  lab.bridge(network, SWITCH, ends);
  // Frames go through programs that see them as they are in memory: senders finish their checksums.
  ends.forEach(({ host }, i) => {
    makeReady(host, network, `${SWITCH}p${i}`);
  });
  for (const name of topology.balancers) prepareBalancer(hosts.get(name)!);
  if (isRouted(topology)) putBehindRouter(lab, hosts, topology);
  if (topology.mode === 'dr') for (const name of topology.servers) answerFor(hosts.get(name)!, topology.vip);
  return hosts;
}

/** The port of the switch that a host is on; undefined for a host that is on none. */
export function portOf(topology: Topology, name: string): string | undefined {
  const at = portsOf(topology).findIndex((port) => port.name === name);
  return at === -1 ? undefined : `${SWITCH}p${at}`;
}

function portsOf(topology: Topology): readonly { name: string; address: string }[] {
  const { balancers, servers } = topology;
  const first = isRouted(topology)
    ? { name: 'router', address: `${ROUTER_ADDRESS}/24` }
    : { name: 'client', address: `${CLIENT}/24` };
  return [
    first,
    ...balancers.map((name) => ({ name, address: `${balancerAddress(topology, name)}/24` })),
    ...servers.map((name) => ({ name, address: `${serverAddress(topology, name)}/24` })),
  ];
}

/** XDP sees a frame before its checksum is finished by a device, and a veth end takes frames from XDP only with GRO on. */
export function makeReady(host: Host, network: Host, port: string): void {
  host.run('ethtool', '-K', 'eth0', 'tx', 'off');
  network.run('ethtool', '-K', port, 'gro', 'on');
}

/** What "lbctl system apply" sets, in the namespace alone: to IPVS the answers of members are packets to be forwarded. */
function prepareBalancer(host: Host): void {
  host.sysctls({ 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.send_redirects': 0 });
}

function putBehindRouter(lab: Lab, hosts: Hosts, { balancers, servers }: Topology): void {
  const router = hosts.get('router')!;
  const client = hosts.get('client')!;
  lab.link(
    { host: router, device: 'eth1', addresses: ['198.51.100.1/24'] },
    { host: client, device: 'eth0', addresses: [`${CLIENT_BEHIND_ROUTER}/24`] },
  );
  client.run('ethtool', '-K', 'eth0', 'tx', 'off');
  client.route('default', 'via', '198.51.100.1');
  // Layer 4 hashing: connections of one client spread too.
  router.sysctls({ 'net.ipv4.ip_forward': 1, 'net.ipv4.fib_multipath_hash_policy': 1 });
  for (const name of [...balancers, ...servers]) hosts.get(name)!.route('default', 'via', ROUTER_ADDRESS);
}

/** A real server of direct return: it takes packets for the address and never says on the wire that it has it. */
function answerFor(host: Host, vip: string): void {
  host.sysctls({ 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 });
  host.address('lo', `${vip}/32`);
}

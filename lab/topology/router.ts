// The router of the routed labs: FRR that takes the address from whichever balancer announces it, watched by BFD.
import { runInRealTime } from '../../src/kernel/real-time.ts';
import { LabFrr } from '../frr.ts';
import type { Host } from '../netns.ts';
import { BGP_PASSWORD, balancerAddress, LOCAL_AS, ROUTER_AS, type Topology } from './topology.ts';

export const ROUTER_PROGRAMS = ['zebra', 'bfdd', 'bgpd'] as const;

export async function startRouter(host: Host, topology: Topology): Promise<void> {
  const frr = await LabFrr.start(host, ROUTER_PROGRAMS);
  // As on balancers: on a busy machine it would call both of them dead.
  await runInRealTime(`${frr.dir}/bfdd.pid`);
  const peers = topology.balancers.map((name) => balancerAddress(topology, name));
  const timers = ['detect-multiplier 3', 'receive-interval 50', 'transmit-interval 50'];
  await frr.configure('bfdd', ['bfd', 'profile fast', ...timers]);
  await frr.configure('bgpd', [
    'route-map ANY permit 10',
    `router bgp ${ROUTER_AS}`,
    ...peers.flatMap((peer) => [
      `neighbor ${peer} remote-as ${LOCAL_AS}`,
      `neighbor ${peer} password ${BGP_PASSWORD}`,
      `neighbor ${peer} timers 1 3`,
      `neighbor ${peer} timers connect 1`,
      `neighbor ${peer} bfd`,
      `neighbor ${peer} bfd profile fast`,
    ]),
    'address-family ipv4 unicast',
    'maximum-paths 8',
    ...peers.flatMap((peer) => [`neighbor ${peer} route-map ANY in`, `neighbor ${peer} route-map ANY out`]),
  ]);
}

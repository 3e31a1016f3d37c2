// What the cycle measures: ours in its modes, and what the kernel offers for the same.

import { mustSync } from '../../lab/process.ts';
import { LISTENER_FLAG } from '../../src/drivers/xdp/layout.ts';
import { VIP } from '../../test/xdp/world.ts';
import { FLOWS, type Way } from './cycle.ts';
import { ackFrame, datagramFrame } from './program.ts';
import { TARGET, type Wire } from './wire.ts';

const { hashPort, state } = LISTENER_FLAG;
const CONNTRACK = 'kernel: nftables DNAT with conntrack';
const PROGRAM = 'steelyard';

/** By the name of the way it stands beside, where that one is measured too. */
interface Beside {
  readonly peer?: string;
}

export function drHit(beside: Beside = {}): Way {
  return {
    name: `dr, flow hit, ${FLOWS} flows`,
    program: PROGRAM,
    frame: ackFrame(),
    listener: { flags: hashPort | state },
    ...beside,
  };
}

export function drStateless(flows: number, beside: Beside = {}): Way {
  return {
    name: `dr, stateless, ${flows} flows`,
    program: PROGRAM,
    frame: ackFrame(),
    flows,
    listener: { flags: hashPort },
    ...beside,
  };
}

export function tunnel(way: 'stateless' | 'flow hit', beside: Beside = {}): Way {
  return {
    name: `tunnel, ${way}, ${FLOWS} flows`,
    program: PROGRAM,
    frame: ackFrame(),
    listener: { mode: 'tunnel', flags: way === 'stateless' ? hashPort : hashPort | state },
    ...beside,
  };
}

export function nat(beside: Beside = {}): Way {
  return {
    name: `nat, ${FLOWS} flows`,
    program: PROGRAM,
    frame: datagramFrame(),
    listener: { mode: 'nat', transport: 'udp' },
    ...beside,
  };
}

/** Targets of issue 4, and the kernel's ways on the machine itself. */
export function machineWays(wire: Wire): readonly Way[] {
  const peer = { peer: CONNTRACK };
  return [
    { name: 'generator alone, dropped', program: 'bench_sink', frame: ackFrame(), study: 19.6 },
    { name: 'generator and sink alone (MAC swap)', program: 'bench_swap', frame: ackFrame(), study: 13.9 },
    drStateless(1, peer),
    { ...drStateless(FLOWS, peer), target: '>= 7' },
    drStateless(524_288, peer),
    drHit(peer),
    { ...tunnel('stateless', peer), target: '>= 5' },
    tunnel('flow hit', peer),
    { ...nat(peer), target: '>= 3' },
    {
      name: 'kernel: plain forwarding',
      program: 'bench_pass',
      frame: wire.datagramTo(TARGET),
      study: 2.9,
    },
    {
      ...rules('chain c { type filter hook prerouting priority raw; %; }', 'notrack ip daddr set'),
      name: 'kernel: nftables stateless rewrite',
      frame: wire.datagramTo(VIP[4]),
      study: 1.7,
    },
    {
      ...rules('chain c { type nat hook prerouting priority dstnat; %; }', 'dnat to'),
      name: CONNTRACK,
      frame: wire.datagramTo(VIP[4]),
      study: 1.5,
    },
  ];
}

/** `%` in the chain is where packets to the VIP get their new address. */
function rules(chain: string, how: string): Pick<Way, 'program' | 'before' | 'after'> {
  const rule = `ip daddr ${VIP[4]} ${how} ${TARGET}`;
  return {
    program: 'bench_pass',
    before: () => mustSync(['nft', `table ip b { ${chain.replace('%', rule)}; }`]),
    after: () => mustSync(['nft', 'delete table ip b']),
  };
}

/** A kernel that has it: one service on the VIP with one member, the sink. */
export function ipvsWay(wire: Wire, mode: 'dr' | 'tunnel' | 'nat'): Way {
  const flag = { dr: '-g', tunnel: '-i', nat: '-m' }[mode];
  const service = `${VIP[4]}:80`;
  return {
    name: `IPVS ${mode}, ${FLOWS} flows`,
    program: 'bench_pass',
    frame: wire.datagramTo(VIP[4]),
    before: () => {
      mustSync(['ip', 'address', 'add', `${VIP[4]}/32`, 'dev', 'lo']);
      mustSync(['ipvsadm', '-A', '-u', service, '-s', 'rr']);
      mustSync(['ipvsadm', '-a', '-u', service, '-r', `${TARGET}:80`, flag]);
    },
    after: () => {
      mustSync(['ipvsadm', '-C']);
      mustSync(['ip', 'address', 'del', `${VIP[4]}/32`, 'dev', 'lo']);
    },
  };
}

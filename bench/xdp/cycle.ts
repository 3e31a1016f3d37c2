// One core does it all: frames made by a generator go through a veth pair to what is measured and come back to a sink
// that counts them. What arrives is asserted, so nothing is fast by losing.
import { readFileSync } from 'node:fs';
import { closeFd } from '../../src/kernel/bpf/libc.ts';
import { createLink } from '../../src/kernel/bpf/link.ts';
import type { Listener } from '../../test/xdp/rig.ts';
import { MEMBER, VIP } from '../../test/xdp/world.ts';
import { type Row, row } from '../report.ts';
import { CoreTime } from './core-time.ts';
import { BenchRig, REQUEST } from './rig.ts';
import { Wire } from './wire.ts';

export const FLOWS = 16_384;
const BATCH = 64;
/** Before anything is measured: flows have entries, and code is warm. */
const FIRST = 100_000;

export interface Way {
  readonly name: string;
  readonly program: string;
  readonly listener?: Partial<Listener>;
  readonly frame: Uint8Array;
  readonly flows?: number;
  readonly target?: string;
  /** Mpps of the same way in the study behind the targets, where it was measured. */
  readonly study?: number;
  /** Name of the way that this one is told beside. */
  readonly peer?: string;
  readonly before?: () => void;
  readonly after?: () => void;
}

export interface Runs {
  /** Frames in one run. Many short runs, of which the tenth quickest counts: on a machine that others use too, long ones measure
   * the others. */
  readonly packets: number;
  readonly count: number;
}

interface Figure {
  readonly mpps: number;
  /** Share of the frames. */
  readonly lost: number;
}

export function cycleRows(waysOf: (wire: Wire) => readonly Way[], runs: Runs): readonly Row[] {
  const rig = new BenchRig();
  const wire = new Wire();
  try {
    const ways = waysOf(wire);
    const figures = new Map<string, Figure>();
    for (const way of ways) figures.set(way.name, measure(rig, wire, way, runs));
    return ways.map(({ name, target = '', study, peer }) => {
      const { mpps, lost } = figures.get(name)!;
      const beside = peer === undefined ? study : figures.get(peer)!.mpps;
      const notes = `${study === undefined ? '' : ' (peer: the study)'}${lost > 0 ? ` (${Math.ceil(lost * 100)} % lost)` : ''}`;
      return row(`cycle: ${name}${notes}`, mpps, 'Mpps', target, beside);
    });
  } finally {
    rig.close();
    wire.close();
  }
}

/** Delivered a second of the core. The kernel's own ways may lose frames where softirqs are put off; ours may not. */
function measure(rig: BenchRig, wire: Wire, way: Way, runs: Runs): Figure {
  rig.clear();
  const hop = {
    destinationMac: wire.sinkMac,
    sourceMac: wire.mac,
    ifindex: wire.ifindex,
    vlan: 0,
    mtu: 1500,
  };
  if (way.listener !== undefined)
    rig.listen({ address: VIP[4], portFrom: 80, ...way.listener }, [{ address: MEMBER[4], hop }]);
  way.before?.();
  const links = [
    createLink(rig.object.program(way.program), wire.ifindex, 'bench1', 'native'),
    createLink(rig.object.program('bench_sink'), wire.sinkIfindex, 'bench0', 'native'),
  ];
  try {
    rig.stream({ frame: way.frame, flows: way.flows ?? FLOWS, ...REQUEST }, wire.sinkIfindex);
    const generator = rig.runner('bench_generate');
    const send = (packets: number) =>
      generator.run(way.frame, { live: true, batch: BATCH, repeat: packets, ifindex: wire.sinkIfindex });
    send(Math.max(way.flows ?? FLOWS, Math.min(FIRST, runs.packets)));
    const core = new CoreTime(coreOf());
    const speeds: number[] = [];
    let lost = 0;
    for (let run = 0; run < runs.count; run++) {
      const before = rig.sunk();
      const start = core.ns();
      send(runs.packets);
      const tookNs = core.ns() - start;
      // A few frames of the kernel's own (router solicitations) may come on top; none may be missing.
      const delivered = Math.min(runs.packets, rig.sunk() - before);
      if (delivered < runs.packets && way.program !== 'bench_pass')
        throw new Error(
          `${way.name}: ${delivered} of ${runs.packets} arrived, ${JSON.stringify(rig.counts())}`,
        );
      speeds.push((delivered / tookNs) * 1000);
      lost += runs.packets - delivered;
    }
    const mpps = quick(speeds);
    process.stderr.write(`${way.name}: ${mpps.toFixed(3)} Mpps\n`);
    return { mpps, lost: lost / runs.packets / runs.count };
  } finally {
    for (const link of links) closeFd(link);
    way.after?.();
  }
}

/** The one core that this process may use (bench/xdp.ts pins it). */
function coreOf(): number {
  return Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
}

function quick(speeds: readonly number[]): number {
  return [...speeds].sort((a, b) => b - a)[Math.floor(speeds.length / 10)]!;
}

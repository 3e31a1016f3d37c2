// What the study behind the targets measured on its machine, measured here in the same shape: how far a missed figure is
// the machine's is told by the ratio of the two.
import { VIP_KIND } from '../../src/drivers/xdp/layout.ts';
import { vipKey } from '../../src/drivers/xdp/vip-key.ts';
import { VIP } from '../../test/xdp/world.ts';
import { type Row, row } from '../report.ts';
import { ackFrame, netCost } from './program.ts';
import { type BenchRig, REQUEST } from './rig.ts';

interface Yardstick {
  readonly name: string;
  readonly program: 'bench_yard_ring' | 'bench_yard_lru' | 'bench_yard_hash';
  readonly flows: number;
  /** Nanoseconds in the study. */
  readonly study: number;
}

const YARDSTICKS: readonly Yardstick[] = [
  { name: 'ring alone, 1 flow', program: 'bench_yard_ring', flows: 1, study: 21 },
  { name: 'ring alone, 16384 flows', program: 'bench_yard_ring', flows: 16_384, study: 25 },
  { name: 'kernel LRU hash, 1 flow', program: 'bench_yard_lru', flows: 1, study: 21 },
  { name: 'kernel LRU hash, 16384 flows', program: 'bench_yard_lru', flows: 16_384, study: 59 },
  { name: 'kernel LRU hash, 524288 flows', program: 'bench_yard_lru', flows: 524_288, study: 222 },
  { name: 'kernel hash, 1 flow', program: 'bench_yard_hash', flows: 1, study: 23 },
  { name: 'kernel hash, 16384 flows', program: 'bench_yard_hash', flows: 16_384, study: 66 },
  { name: 'kernel hash, 524288 flows', program: 'bench_yard_hash', flows: 524_288, study: 183 },
];

export function yardstickRows(rig: BenchRig): readonly Row[] {
  rig.object
    .map('yard_vips')
    .update(vipKey(VIP[4], 80, 6, VIP_KIND.listener), new Uint8Array(Uint32Array.of(1).buffer));
  const slots = new Uint16Array(rig.object.map('yard_rings').memory());
  for (let i = 0; i < slots.length; i++) slots[i] = i % 200;
  return YARDSTICKS.map(({ name, program, flows, study }) => {
    const net = netCost(rig, { frame: ackFrame(), flows, ...REQUEST }, { program });
    process.stderr.write(`yardstick: ${name}: ${net} ns, ${study} in the study\n`);
    return row(`yardstick: ${name} (peer: the study)`, net, 'ns', '', study);
  });
}

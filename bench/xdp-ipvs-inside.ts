// The guest's part of IPVS beside XDP: the same frames through the same core, one way after the other.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine } from './report.ts';
import { cycleRows } from './xdp/cycle.ts';
import { drHit, drStateless, ipvsWay, nat, tunnel } from './xdp/ways.ts';

const RUNS = { packets: 16_384, count: 20 };

const rows = cycleRows((wire) => {
  const [direct, tunnelled, rewritten] = (['dr', 'tunnel', 'nat'] as const).map((mode) =>
    ipvsWay(wire, mode),
  );
  return [
    { name: 'generator and sink alone (MAC swap)', program: 'bench_swap', frame: drHit().frame },
    drStateless(16_384, { peer: direct!.name }),
    drHit({ peer: direct!.name }),
    direct!,
    tunnel('flow hit', { peer: tunnelled!.name }),
    tunnelled!,
    nat({ peer: rewritten!.name }),
    rewritten!,
  ];
}, RUNS);
const report = {
  name: 'xdp-ipvs',
  conditions: {
    ...machine(),
    where: 'guest, translated processor (TCG), 2 processors that one thread plays',
    frames: `64 B, 16,384 flows, the tenth quickest of ${RUNS.count} x ${RUNS.packets}; IPVS with 65,536 buckets`,
  },
  rows,
};
writeFileSync(join(process.env.GUEST_SHARE!, 'xdp-ipvs.json'), JSON.stringify(report));

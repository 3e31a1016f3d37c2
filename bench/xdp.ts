// The XDP data plane: nanoseconds a packet, packets a second through veth beside what the kernel offers, and how long big
// configurations take. Runs itself again on one core in a network namespace of its own.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { machine, publish, type Row } from './report.ts';
import { conditionsOf } from './xdp/conditions.ts';
import { cycleRows } from './xdp/cycle.ts';
import { programRows } from './xdp/program.ts';
import { scaleRows } from './xdp/scale.ts';
import { machineWays } from './xdp/ways.ts';

const INSIDE = '--inside';
const RUNS = { packets: 131_072, count: 40 };

if (process.argv.includes(INSIDE)) {
  const rows: Row[] = [...programRows(), ...cycleRows(machineWays, RUNS), ...(await scaleRows())];
  publish({ name: 'xdp', conditions: { ...machine(), ...conditionsOf() }, rows });
} else {
  // What else runs on the machine shall not cut a run of a few milliseconds in two.
  const argv = [
    '-n',
    '-20',
    'taskset',
    '-c',
    String(availableParallelism() - 1),
    'unshare',
    '--net',
    process.execPath,
    import.meta.filename,
    INSIDE,
  ];
  const { status } = spawnSync('nice', argv, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

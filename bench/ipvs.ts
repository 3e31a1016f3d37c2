// 10,000 IPVS services of 3 members, in the guest: our apply beside ipvsadm -R, the empty plan, one weight change.
import { join } from 'node:path';
import { runInGuest } from '../test/vm/harness/run-in-guest.ts';
import { publish, type Report } from './report.ts';

const INSIDE = join(import.meta.dirname, 'ipvs-inside.ts');
const SIZE = process.env.LBCTL_BENCH_SIZE ?? '10000';
/** Emulated: minutes, and twice that beside other work. */
const TIMEOUT_MS = 1_800_000;

const { code, output, files } = await runInGuest({
  script: [
    'modprobe -a ip_vs ip_vs_wrr nf_tables',
    `node_modules/node/bin/node --disable-warning=ExperimentalWarning ${INSIDE} ${SIZE}`,
  ].join(' && '),
  timeoutMs: TIMEOUT_MS,
  collect: ['ipvs.json'],
});
const text = files['ipvs.json'];
if (code !== 0 || text === undefined) {
  process.stderr.write(output);
  process.exitCode = 1;
} else if (!publish(JSON.parse(text) as Report)) process.exitCode = 1;

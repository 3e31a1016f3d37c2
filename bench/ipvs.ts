// Benchmark of the IPVS driver: boots the guest, measures there beside ipvsadm, prints and writes the table.
import { join, relative } from 'node:path';
import { CHECKOUT, runInGuest } from '../test/vm/harness/run-in-guest.ts';
import { publish, type Report } from './report.ts';

const FIGURES = 'ipvs.json';
const TIMEOUT_MS = 900_000;

const inside = relative(CHECKOUT, join(import.meta.dirname, 'ipvs-inside.ts'));
const guest = await runInGuest({
  script: `modprobe -a ip_vs ip_vs_wrr nf_tables\nexec node_modules/node/bin/node --disable-warning=ExperimentalWarning ${inside}`,
  timeoutMs: TIMEOUT_MS,
  collect: [FIGURES],
});
const text = guest.files[FIGURES];
if (guest.code !== 0 || text === undefined)
  throw new Error(`Cannot measure in the guest as it ended with ${guest.code}:\n${guest.output}`);
if (!publish(JSON.parse(text) as Report)) process.exitCode = 1;

// IPVS beside the XDP data plane: boots the guest, whose kernel has both, and measures there.
import { join, relative } from 'node:path';
import { CHECKOUT, runInGuest } from '../test/vm/harness/run-in-guest.ts';
import { publish, type Report } from './report.ts';

const FIGURES = 'xdp-ipvs.json';
const TIMEOUT_MS = 600_000;
/** Tables of IPVS as roomy as ours for the flows of the cycle; 4,096 buckets are its default. */
const BUCKET_BITS = 16;

const inside = relative(CHECKOUT, join(import.meta.dirname, 'xdp-ipvs-inside.ts'));
const guest = await runInGuest({
  script: `modprobe ip_vs conn_tab_bits=${BUCKET_BITS}
modprobe -a ip_vs_rr veth
exec node_modules/node/bin/node --disable-warning=ExperimentalWarning ${inside}`,
  timeoutMs: TIMEOUT_MS,
  collect: [FIGURES],
});
process.stderr.write(guest.output);
const text = guest.files[FIGURES];
if (guest.code !== 0 || text === undefined)
  throw new Error(`Cannot measure in the guest as it ended with ${guest.code}:\n${guest.output}`);
if (!publish(JSON.parse(text) as Report)) process.exitCode = 1;

// Reloading 1,000 IPVS services with one weight changed, in the guest: our round beside keepalived's reload. Emulation costs
// freshly compiled JavaScript more than it costs C, so the ratio here is worse than on a real processor.
import { join, relative } from 'node:path';
import { CHECKOUT, runInGuest } from '../test/vm/harness/run-in-guest.ts';
import { publish, type Report } from './report.ts';

const FIGURES = 'ipvs-reload.json';
/** Emulated: a minute, and several beside other work. */
const TIMEOUT_MS = 900_000;

const inside = relative(CHECKOUT, join(import.meta.dirname, 'ipvs-reload-inside.ts'));
const { code, output, files } = await runInGuest({
  script: `modprobe -a ip_vs ip_vs_wrr nf_tables\nexec node_modules/node/bin/node --disable-warning=ExperimentalWarning ${inside}`,
  timeoutMs: TIMEOUT_MS,
  collect: [FIGURES],
});
const text = files[FIGURES];
if (code !== 0 || text === undefined) {
  process.stderr.write(output);
  process.exitCode = 1;
} else if (!publish(JSON.parse(text) as Report)) process.exitCode = 1;

// Checking 1,000 members on IPVS beside keepalived, in the guest: without ip_vs in the kernel keepalived checks nothing. Emulation
// costs JavaScript more than it costs C, so what we need is told too high.
import { buildGuestProgram } from '../test/vm/harness/guest-program.ts';
import { publishFromGuest } from './lib/in-guest.ts';

/** Five minutes where nothing else runs. */
const TIMEOUT_MS = 1_500_000;

await buildGuestProgram();
process.exitCode = (await publishFromGuest('health-beside', TIMEOUT_MS)) ? 0 : 1;

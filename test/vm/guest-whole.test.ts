// Boots a guest with IPVS for the whole: the same state as ipvsadm and keepalived set, and lbctl itself, from file to traffic.
import { GUEST_TIMEOUT_MS, guestFiles } from './harness/guest-files.ts';
import { buildGuestProgram } from './harness/guest-program.ts';
import { testInGuest } from './harness/guest-tests.ts';

await buildGuestProgram();
await testInGuest({ files: guestFiles('whole'), timeoutMs: GUEST_TIMEOUT_MS });

// Boots a guest with IPVS and runs a lab there to its end (`make test-vm-long`): some minutes, most of them starts of programs.
import { GUEST_TIMEOUT_MS, guestFiles } from './harness/guest-files.ts';
import { buildGuestProgram } from './harness/guest-program.ts';
import { testInGuest } from './harness/guest-tests.ts';

await buildGuestProgram();
await testInGuest({ files: guestFiles('lab'), timeoutMs: GUEST_TIMEOUT_MS });

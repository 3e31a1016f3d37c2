// Boots a guest with IPVS and runs the tests of client traffic there.
import { GUEST_TIMEOUT_MS, guestFiles } from './harness/guest-files.ts';
import { testInGuest } from './harness/guest-tests.ts';

await testInGuest({ files: guestFiles('traffic'), timeoutMs: GUEST_TIMEOUT_MS });

// Boots a guest with IPVS and runs the tests of everything but client traffic there.
import { GUEST_TIMEOUT_MS, guestFiles } from './harness/guest-files.ts';
import { testInGuest } from './harness/guest-tests.ts';

await testInGuest({ files: guestFiles('control'), timeoutMs: GUEST_TIMEOUT_MS });

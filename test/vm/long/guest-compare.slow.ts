// Boots a guest with IPVS for the tests that take minutes: the same state as ipvsadm and keepalived, and the whole product.
import { GUEST_TIMEOUT_MS, guestFiles } from '../harness/guest-files.ts';
import { testInGuest } from '../harness/guest-tests.ts';

await testInGuest({ files: guestFiles('long'), timeoutMs: GUEST_TIMEOUT_MS });

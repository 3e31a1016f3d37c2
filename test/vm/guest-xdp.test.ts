// The XDP program on the guest's older kernel: it loads there, its packets come out the same, and real clients are served.
import { join } from 'node:path';
import { GUEST_TIMEOUT_MS, guestFiles } from './harness/guest-files.ts';
import { testInGuest } from './harness/guest-tests.ts';

const files = ['xdp-nat', 'xdp-choose', 'xdp-traffic', 'xdp-near', 'xdp-short-way'].map((name) =>
  join(import.meta.dirname, `../root/${name}.test.ts`),
);

await testInGuest({ files: [...files, ...guestFiles('xdp')], timeoutMs: GUEST_TIMEOUT_MS });

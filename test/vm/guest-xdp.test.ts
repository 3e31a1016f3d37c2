// The XDP program on the guest's older kernel: it loads there, and its packets come out the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInGuest } from './harness/run-in-guest.ts';

const FILES = ['test/root/xdp-nat.test.ts', 'test/root/xdp-choose.test.ts'];

test('packet fixtures of the XDP program pass on the guest kernel', async () => {
  const script = `uname -r; node_modules/node/bin/node --test ${FILES.join(' ')}`;

  const { code, output } = await runInGuest({ script, timeoutMs: 400_000 });

  assert.equal(code, 0, output.slice(-4000));
  assert.match(output, /pass \d{2,}/);
});

// Boots one guest with IPVS and runs every test of the guest folder there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testInGuest } from './harness/guest-tests.ts';

const folder = join(import.meta.dirname, 'guest');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.guest.ts'))
  .sort();

await testInGuest({ files: files.map((name) => join(folder, name)), timeoutMs: 1_200_000 });

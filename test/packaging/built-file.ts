// Finds what `make package` built.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/lib/finding.ts';

export const BUILT = join(ROOT, 'build/package');

/** By the name it has in the sums. */
export function builtFile(pattern: RegExp): string {
  const name = readFileSync(join(BUILT, 'SHA256SUMS'), 'utf8')
    .split('\n')
    .map((line) => line.slice(66))
    .find((one) => pattern.test(one));
  assert.ok(name, `there is no ${pattern} in build/package`);
  return join(BUILT, name);
}

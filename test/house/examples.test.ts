// Every example is more than valid: `lbctl plan` makes a plan of it, on any machine, with every listener in its place.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openShop, ROOT } from './run-lbctl.ts';

const shop = openShop();
const examples = globSync('{*.yaml,*/config.yaml,ha/*.yaml}', { cwd: join(ROOT, 'examples') }).sort();
/** Two cores: more processes side by side only wait for each other. */
const SIDE_BY_SIDE = { concurrency: 2 };
/** What `--detailed-exitcode` ends with where a plan holds changes. */
const HAS_CHANGES = 3;

interface PlanAsData {
  readonly steps: readonly unknown[];
  readonly notes: readonly string[];
  readonly conflicts: readonly unknown[];
}

test('every example plans against an empty machine', SIDE_BY_SIDE, async (t) => {
  assert.ok(examples.length >= 25, `${examples.length} examples`);
  await Promise.all(
    examples.map((file) =>
      t.test(file, async () => {
        const { code, out, err } = await shop.run([
          'plan',
          '-c',
          join(ROOT, 'examples', file),
          '--engine-override',
          'memory',
          '--against',
          'memory',
          '--detailed-exitcode',
          '-o',
          'json',
        ]);

        assert.equal(code, HAS_CHANGES, err);
        const { steps, notes, conflicts } = JSON.parse(out) as PlanAsData;
        assert.ok(steps.length > 0, 'a plan without a step');
        assert.deepEqual([notes, conflicts], [[], []]);
      }),
    ),
  );
});

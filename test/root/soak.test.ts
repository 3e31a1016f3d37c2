// The short form of `make soak`: some of its faults under load, and proof that its judges can find fault.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { raiseCurtain } from '../../lab/demo/story.ts';
import { runSoak } from '../../lab/soak/soak.ts';
import { type OpenSoakSite, openSoakSite } from '../../lab/soak/soak-site.ts';
import { ALL_WELL, liesOf } from '../../lab/soak/truth.ts';
import { describeLost, judgeFailures } from '../../lab/soak/verdict.ts';

const SECONDS = 35;
/** Any would do; a fixed one makes a failure come again. */
const SEED = 4;

let site: OpenSoakSite;

before(async () => {
  site = openSoakSite();
  site.build();
  site.mountDisks();
  await raiseCurtain(site, () => {});
});
after(() => site?.close());

test('the judges of the soak see what is wrong', async () => {
  assert.ok(site.moveClock !== undefined, 'libfaketime is missing: run "make setup"');
  await site.killServer('web2');
  await sleep(1000);
  const lies = await liesOf(site, ALL_WELL);
  const { failures } = await site.seen();
  await site.startServer('web2');

  assert.deepEqual(lies, ['lb-a gives web2 weight 0', 'lb-b gives web2 weight 0']);
  assert.ok(failures.length > 0 && judgeFailures(failures, []).lost.length === failures.length);
});

test('a pair under load and faults loses no request it need not lose, and tells the truth', async (t) => {
  const { signal } = new AbortController();
  // Slow start is over, both nodes have seen all members.
  await sleep(6000);

  const options = { site, seconds: SECONDS, seed: SEED, signal, say: (line: string) => t.diagnostic(line) };
  const report = await runSoak(options);

  const lost = report.records.flatMap((record) => record.lost);
  assert.deepEqual(describeLost(lost, report.startedMs), []);
  assert.deepEqual(
    report.records.flatMap((record) => record.lies),
    [],
  );
  assert.ok(report.records.length >= 3 && report.requests > 1000, `${report.records.length} faults`);
});

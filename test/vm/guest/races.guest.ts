// A second writer on the real table: what vanishes or appears between our look and our step, and one who never stops.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, beforeEach, test } from 'node:test';
import { mustSync } from '../../../lab/process.ts';
import { LbError } from '../../../src/model/errors.ts';
import { assertConverged, planOf } from '../../conformance/converge.ts';
import { buildMember } from '../../fixtures/build-intent.ts';
import { Balancer, clearKernel, worldOf } from './balancer.ts';
import { VIP4 } from './topology.ts';

const ROUNDS = 15;
/** Ours as well, and of no interest to the other writer: it must stay through all of this. */
const BYSTANDER = `${VIP4}:99`;
const TARGET = `${VIP4}:80`;

let balancer: Balancer;
beforeEach(() => {
  balancer = new Balancer();
});
after(() => clearKernel());

/** A service with two members by their weights, beside the bystander. */
function world(first: number, second: number, scheduler = 'wrr') {
  const member = (last: number, weight: number) => buildMember(`10.2.0.${last}`, { port: 80, weight });
  return worldOf([
    {
      port: 80,
      family: 4,
      listener: { scheduler: scheduler as 'wrr' },
      members: [member(11, first), member(12, second)],
    },
    { port: 99, family: 4, members: [member(13, 1)] },
  ]);
}

for (const { name, hand } of [
  { name: 'a service that vanished comes back whole', hand: [['-D', '-t', TARGET]] },
  { name: 'a member that vanished comes back', hand: [['-d', '-t', TARGET, '-r', '10.2.0.11:80']] },
  {
    name: 'a service that came back empty is filled',
    hand: [
      ['-D', '-t', TARGET],
      ['-A', '-t', TARGET, '-s', 'rr'],
    ],
  },
])
  test(`${name}, in the very apply that missed it`, async () => {
    const { driver } = balancer;
    await balancer.applyWorld(world(1, 1));
    const wanted = world(7, 3, 'wlc');
    const { steps } = await planOf(driver, wanted);
    for (const argv of hand) mustSync(['ipvsadm', ...argv]);

    const results = await driver.apply(steps);

    assert.deepEqual(
      results.flatMap((result) => (result.ok ? [] : [String(result.error)])),
      [],
    );
    assert.match(mustSync(['ipvsadm', '-S', '-n']), /-A -t 10\.2\.0\.100:80 -s wlc\n/);
    // What the plan did not know of is found by the next look.
    await balancer.applyWorld(wanted);
  });

test('what is to be removed and is gone already counts as removed', async () => {
  const { driver } = balancer;
  await balancer.applyWorld(world(1, 1));
  const { steps } = await planOf(driver, worldOf([]));
  mustSync(['ipvsadm', '-D', '-t', TARGET]);
  mustSync(['ipvsadm', '-d', '-t', BYSTANDER, '-r', '10.2.0.13:80']);

  const results = await driver.apply(steps);

  assert.ok(
    results.every((result) => result.ok),
    JSON.stringify(results),
  );
  assert.equal(mustSync(['ipvsadm', '-S', '-n']), '');
});

test('a writer who never stops costs its own rows alone, each failure names object and cure, and the end is as wanted', async () => {
  const { driver } = balancer;
  await balancer.applyWorld(world(1, 1));
  const steps = [`-D -t ${TARGET}`, `-A -t ${TARGET} -s sh`, `-a -t ${TARGET} -r 10.2.0.11:80 -m -w 50`];
  const commands = steps.map((step) => `ipvsadm ${step} 2>/dev/null;`).join(' ');
  // Ends by itself between two commands, so that none of them comes after the last look.
  const script = `while read -r -t 0 word; [ $? -ne 0 ]; do ${commands} done`;
  const other = spawn('bash', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });

  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const plan = await planOf(driver, world(round, 40 - round, round % 2 === 0 ? 'wrr' : 'wlc'));
      for (const result of await driver.apply(plan.steps)) {
        assert.ok(!result.step.item.key.includes(BYSTANDER), result.step.id);
        if (result.ok) continue;
        assert.ok(result.error instanceof LbError);
        assert.match(result.error.code, /^(IPVS_RACE|CONFLICT|IPVS_BUSY)$/);
        assert.ok(result.error.message.includes(TARGET), result.error.message);
        assert.ok(result.error.hint.length > 0);
      }
      assert.match(mustSync(['ipvsadm', '-S', '-n']), /-a -t 10\.2\.0\.100:99 -r 10\.2\.0\.13:80 -m -w 1\n/);
    }
  } finally {
    other.stdin.end();
    await once(other, 'close');
  }

  await balancer.applyWorld(world(4, 2));
  await assertConverged(driver, world(4, 2));
});

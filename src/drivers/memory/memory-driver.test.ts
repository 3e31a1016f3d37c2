import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  withPool,
} from '../../../test/fixtures/build-intent.ts';
import { assumedFacts } from '../../plan/assumed-facts.ts';
import { makePlan } from '../../plan/make-plan.ts';
import { createResolver } from '../../plan/resolve.ts';
import { MemoryDriver } from './memory-driver.ts';

const WEB = buildPool('web', [buildMember('10.0.0.1'), buildMember('10.0.0.2', { weight: 3 })]);
const INTENT = buildIntent({
  vips: [buildVip('front', '192.0.2.10')],
  listeners: [buildListener('web', 'front', 80)],
  pools: [WEB],
});

async function planFor(driver: MemoryDriver, intent = INTENT) {
  const world = createResolver().resolve(intent, assumedFacts(intent, 0));
  const desired = driver.desired(world);
  const observed = await driver.observe();
  return makePlan([{ desired, observed, plan: driver.plan(desired, observed) }]);
}

test('MemoryDriver walks from Intent to what it holds', async () => {
  const driver = new MemoryDriver();

  const plan = await planFor(driver);
  const results = await driver.apply(plan.steps);

  assert.ok(results.every((result) => result.ok));
  assert.deepEqual(
    plan.steps.map((step) => step.id),
    [
      'memory add-listener tcp/192.0.2.10:80',
      'memory add-member tcp/192.0.2.10:80 > 10.0.0.1:80',
      'memory add-member tcp/192.0.2.10:80 > 10.0.0.2:80',
      'memory add-address 192.0.2.10/32 dev eth0',
    ],
  );
  assert.equal(driver.plane.owned.get('tcp/192.0.2.10:80 > 10.0.0.2:80')?.fields.weight, 3);
  assert.deepEqual((await planFor(driver)).steps, []);
  assert.equal((await planFor(driver)).unchanged, 4);
});

test('MemoryDriver changes one member in place', async () => {
  const driver = new MemoryDriver();
  await driver.apply((await planFor(driver)).steps);

  const plan = await planFor(
    driver,
    withPool(INTENT, { ...WEB, members: [buildMember('10.0.0.1', { weight: 7 }), WEB.members[1]!] }),
  );

  assert.deepEqual(
    plan.steps.map(({ id, changes }) => [id, changes]),
    [['memory change-member tcp/192.0.2.10:80 > 10.0.0.1:80', ['weight']]],
  );
});

test('MemoryDriver fails on command, as often as asked, and isolates the failure', async () => {
  const driver = new MemoryDriver();
  driver.plane.setFaulty('tcp/192.0.2.10:80 > 10.0.0.1:80', undefined, 1);

  const results = await driver.apply((await planFor(driver)).steps);
  const again = await driver.apply((await planFor(driver)).steps);

  assert.deepEqual(
    results.map((result) => result.ok),
    [true, false, true, true],
  );
  assert.equal(again.length, 1);
  assert.ok(again[0]!.ok);
  assert.equal(driver.plane.takeOperations().length, 5);
});

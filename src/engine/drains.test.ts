import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildHttp,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../test/fixtures/build-intent.ts';
import type { World } from '../model/world.ts';
import { assumedFacts } from '../plan/assumed-facts.ts';
import { resolve } from '../plan/resolve.ts';
import { type Drains, nextDrainEndMs, startDrains, updateDrains, withDrains } from './drains.ts';

function worldOf(addresses: readonly string[], drainMs = 1000): World {
  const members = addresses.map((address) => buildMember(address, { weight: 5 }));
  const intent = buildIntent({
    vips: [buildVip('front', '192.0.2.10')],
    listeners: addresses.length === 0 ? [] : [buildListener('web', 'front', 80)],
    pools: [buildPool('web', members, { drainMs })],
  });
  return resolve(intent, assumedFacts(intent, 0));
}

const NONE: Drains = new Map();
const BOTH = worldOf(['10.0.0.1', '10.0.0.2']);
const ONE = worldOf(['10.0.0.1']);
const KEY = 'tcp/192.0.2.10:80 > 10.0.0.2:80';

test('updateDrains() takes who left, and nobody where nothing is to be drained', () => {
  assert.deepEqual([...updateDrains(NONE, BOTH, ONE, 0).keys()], [KEY]);
  assert.equal(updateDrains(NONE, BOTH, worldOf(['10.0.0.1'], 0), 0).size, 0);
  assert.equal(updateDrains(NONE, undefined, ONE, 0).size, 0, 'a first World has no past');
  assert.equal(updateDrains(NONE, ONE, ONE, 0), NONE);
});

test('updateDrains() drops who came back and whose listener is gone', () => {
  const drains = updateDrains(NONE, BOTH, ONE, 0);

  assert.equal(updateDrains(drains, ONE, BOTH, 0).size, 0);
  assert.equal(updateDrains(drains, ONE, worldOf([]), 0).size, 0);
  assert.equal(updateDrains(drains, ONE, ONE, 0).size, 1);
});

test('startDrains() starts the time of what is in force, once', () => {
  const drains = updateDrains(NONE, BOTH, ONE, 0);

  assert.equal(startDrains(drains, ONE, [`memory change-member ${KEY}`], 50).get(KEY)!.untilMs, undefined);
  const started = startDrains(drains, ONE, [], 50);
  assert.equal(started.get(KEY)!.untilMs, 1050);
  assert.equal(startDrains(started, ONE, [], 900), started);
  assert.equal(nextDrainEndMs(started, 50), 1050);
  assert.equal(nextDrainEndMs(started, 1050), undefined);
});

test('withDrains() gives a row of weight 0 until the time is over', () => {
  const started = startDrains(updateDrains(NONE, BOTH, ONE, 0), ONE, [], 0);
  const rows = (nowMs: number, filter: 'in-force' | 'agreed' = 'in-force') =>
    withDrains(ONE, started, nowMs, filter).listeners[0]!.members.map(
      (member) => `${member.address} ${member.effectiveWeight} ${member.reason}`,
    );

  assert.deepEqual(rows(999), ['10.0.0.1 5 NotChecked', '10.0.0.2 0 Draining']);
  assert.deepEqual(rows(1000), ['10.0.0.1 5 NotChecked']);
  assert.equal(rows(1000, 'agreed').length, 2);
  assert.equal(withDrains(ONE, NONE, 0, 'in-force'), ONE);
});

test('updateDrains() forgets an ended drain in the end', () => {
  const started = startDrains(updateDrains(NONE, BOTH, ONE, 0), ONE, [], 0);

  assert.equal(
    updateDrains(started, ONE, ONE, 10_000).size,
    1,
    'a removal that is retried is still agreed to',
  );
  assert.equal(updateDrains(started, ONE, ONE, 601_001).size, 0);
});

test('a member that leaves a pool of a rule drains as any other, and its pool stays in its listener', () => {
  const world = (addresses: readonly string[]): World => {
    const rules = [{ name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } }] as const;
    const intent = buildIntent({
      vips: [buildVip('front', '192.0.2.10')],
      listeners: [
        buildListener('web', 'front', 80, { mode: 'proxy', protocol: 'http', http: buildHttp({ rules }) }),
      ],
      pools: [
        buildPool('web', [buildMember('10.0.0.1')]),
        buildPool(
          'api',
          addresses.map((address) => buildMember(address)),
          { drainMs: 1000 },
        ),
      ],
    });
    return resolve(intent, assumedFacts(intent, 0), { engine: 'haproxy' });
  };
  const [both, one] = [world(['10.0.0.2', '10.0.0.3']), world(['10.0.0.2'])];

  const drains = startDrains(updateDrains(NONE, both, one, 0), one, [], 0);

  assert.deepEqual([...drains.keys()], ['tcp/192.0.2.10:80 pool api > 10.0.0.3:80']);
  assert.equal([...drains.values()][0]!.untilMs, 1000);
  const rows = (nowMs: number) =>
    withDrains(one, drains, nowMs, 'in-force').listeners[0]!.layer7!.rulePools[0]!.members.map(
      ({ address, reason }) => `${address} ${reason}`,
    );
  assert.deepEqual(rows(999), ['10.0.0.2 NotChecked', '10.0.0.3 Draining']);
  assert.deepEqual(rows(1000), ['10.0.0.2 NotChecked']);
  assert.equal(updateDrains(drains, one, both, 0).size, 0);
});

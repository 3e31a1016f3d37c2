import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpError, WaitingError } from '../../src/model/errors.ts';
import { item } from '../../src/model/item.ts';
import { buildIntent, buildListener, buildMember, buildPool, buildVip } from '../fixtures/build-intent.ts';
import { assertText, Story } from './story.ts';

const FRONT = buildVip('front', '192.0.2.10');
const INTENT = buildIntent({
  vips: [FRONT],
  listeners: [buildListener('web', 'front', 80)],
  pools: [buildPool('web', [buildMember('10.0.0.1'), buildMember('10.0.0.2', { weight: 3 })])],
});
const SECOND = 'tcp/192.0.2.10:80 > 10.0.0.2:80';

test('Engine repairs what somebody else edits, and counts it', async () => {
  const story = await Story.begin({ intent: INTENT });
  assertText(
    story.did(),
    `
    add tcp/192.0.2.10:80
    add tcp/192.0.2.10:80 > 10.0.0.1:80
    add tcp/192.0.2.10:80 > 10.0.0.2:80
    add 192.0.2.10/32 dev eth0
    `,
  );

  story.plane.edit(item('member', SECOND, { weight: 99 }, 'tcp/192.0.2.10:80'), 'ours');
  story.plane.lose('tcp/192.0.2.10:80 > 10.0.0.1:80');
  story.plane.edit(
    item('member', 'tcp/192.0.2.10:80 > 10.9.9.9:80', { weight: 1 }, 'tcp/192.0.2.10:80'),
    'ours',
  );
  await story.wait(1100);

  assertText(
    story.did(),
    `
    add tcp/192.0.2.10:80 > 10.0.0.1:80
    change tcp/192.0.2.10:80 > 10.0.0.2:80
    remove tcp/192.0.2.10:80 > 10.9.9.9:80
    `,
  );
  assertText(story.heard(), 'config-loaded v1\ndrift-repaired 3');
  assert.equal(story.engine.driftRepaired, 3);
  assertText(
    story.tells(),
    `
    node ok
    web ok InService
      10.0.0.1:80 1 NotChecked
      10.0.0.2:80 3 NotChecked
    192.0.2.10/32 dev eth0 here Active
    `,
  );
});

test('Engine does not call a first load or a changed wish drift', async () => {
  const story = await Story.begin({ intent: INTENT });

  await story.config(
    buildIntent({
      vips: [FRONT],
      listeners: [buildListener('web', 'front', 80)],
      pools: [buildPool('web', [buildMember('10.0.0.1'), buildMember('10.0.0.2', { weight: 9 })])],
    }),
  );

  assert.equal(story.engine.driftRepaired, 0);
  assert.match(story.did(), new RegExp(`change ${SECOND}$`));
});

test('Engine retries a failing item with growing pauses while the others go on', async () => {
  const story = await Story.begin({ intent: INTENT });
  story.did();
  story.plane.lose(SECOND);
  story.plane.setFaulty(SECOND);

  await story.wait(900);
  assert.equal(story.did(), '', 'nothing before the tick');
  await story.wait(7000, 50);

  // Backoff 0.5, 1, 2, 4 s (random 0.5 is no jitter): tries at about 1.0, 1.5, 2.5, 4.5 s, and the next at 8.5 s.
  assert.equal(story.did(), Array(4).fill(`add ${SECOND} failed`).join('\n'));
  const error = story.engine.status()!.listeners[0]!.errors[0]!;
  assert.equal(error.attempts, 4);
  assert.equal(error.error.code, 'DRIVER_FAILED');
  assert.match(story.tells(), /^node degraded\nweb degraded ApplyFailed\n/);

  story.plane.heal();
  await story.wait(4000);

  assert.equal(story.did(), `add ${SECOND}`);
  assert.match(story.tells(), /^node ok\nweb ok InService\n/);
  assert.deepEqual(story.engine.status()!.errors, []);
});

test('Engine holds what lives in an object that could not be made', async () => {
  const fresh = buildIntent({ vips: [FRONT] });
  const story = await Story.begin({ intent: fresh });
  story.did();
  story.plane.setFaulty('tcp/192.0.2.10:80', undefined, 1);

  await story.config(INTENT);

  assert.equal(story.did(), 'add tcp/192.0.2.10:80 failed');
  assert.match(story.tells(), /web down ApplyFailed/);
  await story.wait(600);
  assertText(
    story.did(),
    `
    add tcp/192.0.2.10:80
    add tcp/192.0.2.10:80 > 10.0.0.1:80
    add tcp/192.0.2.10:80 > 10.0.0.2:80
    `,
  );
});

test('Engine tries what waits for something only after a change', async () => {
  const story = await Story.begin({ intent: INTENT });
  story.did();
  story.plane.lose(SECOND);
  story.plane.setFaulty(SECOND, new WaitingError('NOT_FOUND', 'Cannot add it as its tunnel is not here yet'));

  await story.wait(5000);
  assert.equal(story.did(), `add ${SECOND} failed`, 'once, then it waits');

  story.plane.heal();
  await story.wait(3000);
  assert.equal(story.did(), '', 'time alone is no change');
  await story.health('web/10.0.0.1:0', { state: 'down' });

  assert.match(story.did(), new RegExp(`add ${SECOND}$`, 'm'));
});

test('Engine leaves a driver alone that cannot be read, and tells why', async () => {
  const story = await Story.begin({ intent: INTENT, engines: ['memory', 'ipvs'] });
  story.planes
    .get('ipvs')!
    .setFaulty(
      'observe',
      new OpError('UNREACHABLE', 'Cannot read the table as netlink does not answer', { op: 'dump' }),
      3,
    );
  story.did();

  story.plane.lose(SECOND);
  await story.wait(1100);

  assert.equal(story.did(), `add ${SECOND}`, 'the other driver goes on');
  assert.match(story.heard(), /driver-failed ipvs: Cannot read the table/);
  assert.equal(story.engine.status()!.errors[0]!.step, 'observe ipvs');
  await story.wait(6000);
  assert.deepEqual(story.engine.status()!.errors, []);
});

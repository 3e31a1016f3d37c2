import assert from 'node:assert/strict';
import { test } from 'node:test';
import { item } from '../../src/model/item.ts';
import type { Member } from '../../src/model/pool.ts';
import {
  buildHttp,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../fixtures/build-intent.ts';
import { memoryItems } from '../fixtures/memory-items.ts';
import { assertText, Story } from './story.ts';

const FRONT = buildVip('front', '192.0.2.10');
const TWO = [buildMember('10.0.0.1'), buildMember('10.0.0.2', { weight: 3 })];

function web(members: readonly Member[] = TWO, drainMs = 0, adopt = false) {
  return buildIntent({
    vips: [FRONT],
    listeners: [buildListener('web', 'front', 80, { adopt })],
    pools: [buildPool('web', members, { drainMs })],
  });
}

function manyListeners(count: number) {
  return buildIntent({
    vips: [FRONT],
    listeners: Array.from({ length: count }, (_, i) => buildListener('web', 'front', 8000 + i)).map(
      (one, i) => ({
        ...one,
        name: `web${i}`,
      }),
    ),
    pools: [buildPool('web', TWO)],
  });
}

test('Engine keeps the last good configuration when the new one is broken', async () => {
  const story = await Story.begin({ intent: web() });
  story.did();

  await story.brokenConfig('config.yaml:7:3: unknown key "prot"');
  story.plane.lose('tcp/192.0.2.10:80 > 10.0.0.1:80');
  await story.wait(1100);

  assert.equal(story.did(), 'add tcp/192.0.2.10:80 > 10.0.0.1:80', 'the old one is still kept up');
  assert.match(story.tells(), /^node ok\nconfig refused: config.yaml:7:3: unknown key "prot"\n/);
  assertText(
    story.heard(),
    `
    config-loaded v1
    config-refused config.yaml:7:3: unknown key "prot"
    drift-repaired 1
    `,
  );

  await story.config(web([TWO[0]!]));

  assert.equal(story.did(), 'remove tcp/192.0.2.10:80 > 10.0.0.2:80');
  assert.doesNotMatch(story.tells(), /refused/);
});

test('Engine restarts with traffic and finds everything in place', async () => {
  const first = await Story.begin({ intent: web() });
  const held = first.holds();
  first.did();

  const second = await Story.begin({ intent: web(), after: first });
  await second.wait(3000);

  assert.equal(second.did(), '');
  assert.equal(second.holds(), held);
  assert.match(second.tells(), /^node ok\n/);
  assert.deepEqual(second.history.list(), []);
});

test('Engine removes nothing before it has a whole configuration', async () => {
  const first = await Story.begin({ intent: manyListeners(3) });
  const held = first.holds();

  const second = await Story.begin({ intent: manyListeners(1), after: first, complete: false });
  second.engine.confirm();
  await second.wait(3000);
  assert.equal(second.holds(), held, 'not even when asked to');
  assert.match(second.heard(), /guard-held prune-before-load/);

  await second.config(manyListeners(1));

  assert.equal(second.plane.owned.size, 4);
});

test('Engine refuses a mass deletion, goes on with the rest, and obeys a confirmation', async () => {
  const story = await Story.begin({ intent: manyListeners(20) });
  story.did();

  const almostNothing = buildIntent({
    vips: [FRONT],
    listeners: [{ ...buildListener('web', 'front', 9000), name: 'new' }],
    pools: [buildPool('web', TWO)],
  });
  await story.config(almostNothing);

  assertText(
    story.did(),
    `
    add tcp/192.0.2.10:9000
    add tcp/192.0.2.10:9000 > 10.0.0.1:9000
    add tcp/192.0.2.10:9000 > 10.0.0.2:9000
    `,
  );
  assert.match(story.heard(), /guard-held max-deletions/);
  assert.equal(story.engine.plan!.guards[0]!.held.length, 60);
  await story.wait(3000);
  assert.equal(story.did(), '', 'time does not confirm it');
  assert.doesNotMatch(story.heard(), /guard-held/, 'told once');

  story.engine.confirm();
  await story.settle();

  assert.equal(story.did().split('\n').length, 60);
  assert.equal(story.plane.owned.size, 4);
  assert.deepEqual(story.engine.plan!.guards, []);
});

test('Engine does not take a confirmation for another deletion than the one seen', async () => {
  const story = await Story.begin({ intent: manyListeners(40) });
  await story.config(manyListeners(20));
  assert.equal(story.engine.plan!.guards.length, 1);
  story.did();

  story.engine.confirm();
  await story.config(manyListeners(2));

  assert.equal(story.did(), '');
  assert.equal(story.engine.plan!.guards.length, 1);
});

test('Engine drains a member that leaves, and removes it when its time is over', async () => {
  const story = await Story.begin({ intent: web(TWO, 30_000) });
  story.did();

  await story.config(web([TWO[0]!], 30_000));
  assert.equal(story.did(), 'change tcp/192.0.2.10:80 > 10.0.0.2:80');
  assert.match(story.tells(), /10\.0\.0\.2:80 0 Draining/);
  await story.wait(15_000, 500);
  assert.equal(story.did(), '', 'its flows have time');

  // A restart in the middle does not start the time again.
  const second = await Story.begin({ intent: web([TWO[0]!], 30_000), after: story });
  assert.equal(second.did(), '');
  assert.match(second.tells(), /10\.0\.0\.2:80 0 Draining/);
  await second.wait(14_500, 500);
  assert.equal(second.did(), '');
  await second.wait(1000);

  assert.equal(second.did(), 'remove tcp/192.0.2.10:80 > 10.0.0.2:80');
  assert.doesNotMatch(second.tells(), /10\.0\.0\.2/);
});

test('Engine plans the way back of a member that moved by what is known of its old place', async () => {
  const at = (port: number) =>
    buildIntent({
      vips: [FRONT],
      listeners: [buildListener('web', 'front', 80)],
      pools: [
        buildPool('web', [buildMember('10.0.0.1', { name: 'm', port })], {
          checks: [{ ...TCP_CHECK, first: 'first' }],
          drainMs: 30_000,
        }),
      ],
    });
  const story = await Story.begin({ intent: at(8001) });
  await story.health('web/m', { state: 'up' });
  await story.config(at(8002));
  // Nobody answers there; the old one still drains, and has not been asked since.
  await story.health('web/m', { state: 'down' });

  const plan = story.engine.preview(at(8001));

  const changes = plan?.steps.map(({ item, before }) => [item.key, before?.weight, item.fields.weight]);
  assert.deepEqual(changes, [['tcp/192.0.2.10:80 > 10.0.0.1:8001', 0, 1]]);
});

test('Engine takes a draining member back when the configuration does', async () => {
  const story = await Story.begin({ intent: web(TWO, 30_000) });
  await story.config(web([TWO[0]!], 30_000));
  story.did();

  await story.config(web(TWO, 30_000));
  await story.wait(40_000, 1000);

  assert.equal(story.did(), 'change tcp/192.0.2.10:80 > 10.0.0.2:80');
  assert.match(story.holds(), /10\.0\.0\.2:80 {2}maxConnections=0 {2}minConnections=0 {2}weight=3/);
});

test('Engine does not start the time of a drain that a guard holds', async () => {
  const members = Array.from({ length: 20 }, (_, i) => buildMember(`10.0.1.${i + 1}`));
  const story = await Story.begin({ intent: web(members, 5000) });
  story.did();

  await story.config(web(members.slice(0, 2), 5000));
  await story.wait(20_000, 1000);
  assert.equal(story.did(), '', 'neither drained nor removed');

  story.engine.confirm();
  await story.settle();
  assert.equal(story.did().split('\n').length, 18);
  await story.wait(4000, 500);
  assert.equal(story.did(), '');
  await story.wait(2500, 500);

  assert.equal(
    story
      .did()
      .split('\n')
      .filter((line) => line.startsWith('remove')).length,
    18,
    'what was agreed to as a drain needs no second word',
  );
});

test('Engine leaves a foreign listener alone until told to adopt it', async () => {
  const foreign = item('listener', 'tcp/192.0.2.10:80', { protocol: 'tcp', mode: 'nat', scheduler: 'rr' });
  const story = await Story.begin({ intent: buildIntent({}) });
  story.plane.edit(foreign, 'foreign');

  await story.config(web());
  assert.equal(story.did(), 'add 192.0.2.10/32 dev eth0', 'nothing is put into it either');
  assert.match(story.heard(), /conflict-found tcp\/192\.0\.2\.10:80/);
  assert.match(story.tells(), /web down Conflict/);

  await story.config(web(TWO, 0, true));

  assertText(
    story.did(),
    `
    adopt tcp/192.0.2.10:80
    add tcp/192.0.2.10:80 > 10.0.0.1:80
    add tcp/192.0.2.10:80 > 10.0.0.2:80
    `,
  );
  assert.match(story.tells(), /web ok InService/);
  assert.equal(story.plane.foreign.size, 0);
  await story.wait(2000);
  assert.equal(story.did(), '', 'adopted once');
});

test('Engine lets something newer overtake a long apply', async () => {
  const story = await Story.begin({
    intent: buildIntent({ vips: [FRONT] }),
    options: { limits: { chunkSteps: 10 } },
  });
  const big = manyListeners(50);
  story.did();
  let seen = false;
  // The news comes while the first chunk is applied.
  const put = story.plane.put.bind(story.plane);
  story.plane.put = (verb, wanted) => {
    if (!seen) setImmediate(() => story.engine.wake('facts'));
    if (!seen) story.setHealth('web/10.0.0.2:0', { state: 'down' });
    seen = true;
    put(verb, wanted);
  };

  await story.config(big);

  const records = story.history.list().slice(-2);
  assert.ok(records[0]!.appliedCount < 150, 'the first round was cut');
  assert.equal(records[0]!.appliedCount + records[1]!.appliedCount, 150);
  assert.ok(
    [...story.plane.owned.values()].every(
      (one) => !one.key.includes('> 10.0.0.2') || one.fields.weight === 0,
    ),
    'no member was put in with the weight it had before the news',
  );
  assert.equal(memoryItems(story.plane, 'listener').length, 50);
});

for (const { member, address } of [
  { member: 'old/m', address: '10.0.9.1' },
  { member: 'api/m', address: '10.0.9.2' },
])
  test(`Engine tells the data plane of a health change of ${member} before the rest of a long plan`, async () => {
    const rule = { name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } } as const;
    const http = buildHttp({ rules: [rule] });
    const listener = buildListener('old', 'front', 7, { protocol: 'http', mode: 'proxy', http });
    const before = buildIntent({
      vips: [FRONT],
      listeners: [listener],
      pools: [
        buildPool('old', [buildMember('10.0.9.1', { name: 'm' })]),
        buildPool('api', [buildMember('10.0.9.2', { name: 'm' })]),
      ],
    });
    const story = await Story.begin({
      intent: before,
      options: { limits: { chunkSteps: 10 } },
    });
    const { pools, listeners, ...big } = manyListeners(200);
    story.did();
    const applied: string[] = [];
    const put = story.plane.put.bind(story.plane);
    story.plane.put = (verb, wanted) => {
      if (applied.length === 15) {
        story.setHealth(member, { state: 'down' });
        setImmediate(() => story.engine.wake('facts'));
      }
      applied.push(wanted.key);
      put(verb, wanted);
    };

    await story.config({
      ...big,
      pools: new Map([...before.pools, ...pools]),
      listeners: new Map([...before.listeners, ...listeners]),
    });

    const at = applied.findIndex((key) => key.includes(`> ${address}`));
    assert.ok(at > 0 && at < 60, `told as number ${at} of ${applied.length}`);
    assert.equal(story.history.list().length, 2, 'the plan went on, without being made anew');
  });

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotServe } from '../../src/engine/status.ts';
import {
  buildGroup,
  buildHttp,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../fixtures/build-intent.ts';
import { assertText, Story } from './story.ts';

const FRONT = buildVip('front', '192.0.2.10');
const THREE = [1, 2, 3].map((i) => buildMember(`10.0.0.${i}`, { name: `web${i}`, weight: 10 }));

function web(more: Parameters<typeof buildPool>[2] = {}, groups: Parameters<typeof buildGroup>[] = []) {
  return buildIntent({
    vips: [FRONT],
    listeners: [buildListener('web', 'front', 80)],
    pools: [buildPool('web', THREE, { checks: [TCP_CHECK], ...more })],
    groups: groups.map((args) => buildGroup(...args)),
  });
}

async function allUp(story: Story): Promise<void> {
  for (const { name } of THREE) story.setHealth(`web/${name}`, { state: 'up' });
  await story.wake('facts');
}

function weights(story: Story): string {
  return [...story.plane.owned.values()]
    .filter((one) => one.kind === 'member')
    .map((one) => `${one.key.split(' > ')[1]}=${one.fields.weight}`)
    .sort()
    .join(' ');
}

test('Engine follows a member down and up again, with slow start', async () => {
  const story = await Story.begin({ intent: web() });
  assert.equal(weights(story), '10.0.0.1:80=0 10.0.0.2:80=0 10.0.0.3:80=0', 'nobody has answered yet');
  await allUp(story);
  story.did();
  story.heard();

  await story.health('web/web2', { state: 'down', lastError: 'connection refused' });
  assert.equal(story.did(), 'change tcp/192.0.2.10:80 > 10.0.0.2:80');
  assert.equal(weights(story), '10.0.0.1:80=10 10.0.0.2:80=0 10.0.0.3:80=10');
  assert.match(story.tells(), /web degraded CheckFailed/);
  assert.equal(story.engine.status()!.listeners[0]!.members[1]!.lastError, 'connection refused');

  for (const ramp of [0.01, 0.5, 1]) await story.health('web/web2', { state: 'up', ramp });

  assertText(
    story.heard(),
    `
    member-changed web/web2 InService -> CheckFailed
    member-changed web/web2 CheckFailed -> SlowStart
    member-changed web/web2 SlowStart -> InService
    `,
  );
  assert.equal(story.did(), Array(3).fill('change tcp/192.0.2.10:80 > 10.0.0.2:80').join('\n'));
  assert.match(story.tells(), /web ok InService/);
});

test('Engine sends to the sorry server while quorum is lost, and comes back with hysteresis', async () => {
  const story = await Story.begin({
    intent: web({ quorum: { weight: 20, hysteresis: 5 }, sorry: { address: '10.0.0.99', port: 8080 } }),
  });
  await allUp(story);
  story.did();
  story.heard();

  await story.health('web/web1', { state: 'down' });
  assert.equal(weights(story), '10.0.0.1:80=0 10.0.0.2:80=10 10.0.0.3:80=10', '20 of 20: still held');
  await story.health('web/web2', { state: 'down' });
  assert.equal(weights(story), '10.0.0.1:80=0 10.0.0.2:80=0 10.0.0.3:80=0 10.0.0.99:8080=1');
  assert.match(story.tells(), /web degraded SorryServer\n {2}10\.0\.0\.1:80 0 CheckFailed/);
  assert.match(story.tells(), /10\.0\.0\.3:80 0 QuorumLost\n {2}10\.0\.0\.99:8080 1 SorryServer/);

  await story.health('web/web2', { state: 'up' });
  assert.match(weights(story), /10\.0\.0\.99:8080=1/, '20 is not 25');
  await story.health('web/web1', { state: 'up' });

  assert.equal(weights(story), '10.0.0.1:80=10 10.0.0.2:80=10 10.0.0.3:80=10');
  assert.match(story.heard(), /quorum-changed web lost[\s\S]*quorum-changed web gained/);
});

test('Engine moves only addresses when a standby becomes active', async () => {
  const story = await Story.begin({ intent: web({}, [['pair', ['front']]]) });
  await allUp(story);
  assert.equal(weights(story), '10.0.0.1:80=10 10.0.0.2:80=10 10.0.0.3:80=10', 'a standby is warm');
  assert.match(story.tells(), /^node standby\nweb standby Standby\n/);
  story.did();

  await story.role('pair', 'active');
  assert.equal(story.did(), 'add 192.0.2.10/32 dev eth0');
  assert.match(story.tells(), /192\.0\.2\.10\/32 dev eth0 here Active/);
  await story.role('pair', 'standby');
  assert.equal(story.did(), 'remove 192.0.2.10/32 dev eth0');
});

test('Engine says of a standby that nothing is behind it, as nothing would be when it takes over', async () => {
  const story = await Story.begin({
    intent: web({ quorum: { weight: 20, hysteresis: 0 } }, [['pair', ['front']]]),
  });
  await allUp(story);
  assert.match(story.tells(), /^web standby Standby$/m);

  await story.health('web/web1', { state: 'down' });
  await story.health('web/web2', { state: 'down' });
  assert.match(story.tells(), /^web standby QuorumLost$/m);
  await story.health('web/web3', { state: 'down' });
  assert.match(story.tells(), /^web standby NoHealthyMember$/m);
  await allUp(story);
  assert.match(story.tells(), /^web standby Standby$/m);
});

test('Engine gives up many addresses with the role: a guard is for deletions', async () => {
  const vips = Array.from({ length: 50 }, (_, i) => buildVip(`v${i}`, `192.0.2.${i + 1}`));
  const intent = buildIntent({
    vips,
    groups: [
      buildGroup(
        'pair',
        vips.map((vip) => vip.name),
      ),
    ],
    guard: { maxDeletePercent: 10, freeDeletions: 0 },
  });
  const story = await Story.begin({ intent });
  await story.role('pair', 'active');
  assert.equal(story.plane.owned.size, 50);

  await story.role('pair', 'fault');

  assert.equal(story.plane.owned.size, 0);
  assert.deepEqual(story.engine.plan!.guards, []);
});

test('Engine lets checks take many members out: a guard is for deletions', async () => {
  const members = Array.from({ length: 20 }, (_, i) => buildMember(`10.0.1.${i + 1}`, { name: `m${i}` }));
  const story = await Story.begin({
    intent: buildIntent({
      vips: [FRONT],
      listeners: [buildListener('web', 'front', 80)],
      pools: [buildPool('web', members, { checks: [TCP_CHECK], onFailure: 'remove' })],
    }),
  });
  for (const { name } of members) story.setHealth(`web/${name}`, { state: 'up' });
  await story.wake('facts');
  assert.equal(story.plane.owned.size, 22);

  for (const { name } of members) story.setHealth(`web/${name}`, { state: 'down' });
  await story.wake('facts');

  assert.equal(story.plane.owned.size, 2);
});

test('Engine waits for an engine that is not there, and uses it when it comes', async () => {
  const intent = buildIntent({
    vips: [FRONT],
    listeners: [buildListener('web', 'front', 80, { engine: 'ipvs' })],
    pools: [buildPool('web', THREE)],
  });
  const story = await Story.begin({ intent, engines: ['memory', 'ipvs'] });
  await story.available('ipvs', 'the kernel has no ip_vs module');
  story.did('ipvs');
  const held = story.holds('ipvs');

  assert.match(story.tells(), /web down EngineUnavailable/);
  assert.match(story.heard(), /listener-unplaced web \(EngineUnavailable: ipvs is not available: the kernel/);
  await story.wait(2000);
  assert.equal(story.holds('ipvs'), held, 'what still is there is left alone');

  await story.available('ipvs');

  assert.match(story.heard(), /listener-placed web \(ipvs: named by the listener\)/);
  assert.match(story.tells(), /web ok InService/);
});

test('Engine leaves a listener where it is carried when it is to move to an engine that is not there', async () => {
  const intentOn = (engine: 'memory' | 'ipvs') =>
    buildIntent({
      vips: [FRONT],
      listeners: [buildListener('web', 'front', 80, { engine })],
      pools: [buildPool('web', THREE)],
    });
  const story = await Story.begin({ intent: intentOn('memory'), engines: ['memory', 'ipvs'] });
  const carried = story.holds('memory');

  await story.available('ipvs', 'the kernel has no ip_vs module');
  await story.config(intentOn('ipvs'));

  assert.equal(story.holds('memory'), carried);
  assert.match(story.tells(), /web degraded EngineUnavailable/);
  const [web] = story.engine.status()!.listeners;
  assert.match(web!.engineReason, /no ip_vs module; memory carries it as before$/);
  const [verdict] = story.engine.plan!.guards;
  assert.equal(verdict?.guard, 'engine-missing');

  await story.available('ipvs');

  assert.match(story.tells(), /web ok InService/);
  assert.doesNotMatch(story.holds('memory'), /listener/);
  assert.match(story.holds('ipvs'), /listener/);
});

test('Engine calls nothing served on an address that it could not bring', async () => {
  const story = await Story.begin({ intent: web() });
  await allUp(story);
  const key = [...story.plane.owned.values()].find((one) => one.kind === 'address')!.key;
  story.plane.remove(key);
  story.plane.setFaulty(key);
  await story.wake('drift-tick');

  assert.match(story.tells(), /web down ApplyFailed/);

  story.plane.heal();
  await story.wait(2000);

  assert.match(story.tells(), /web ok InService/);
});

test('Engine makes one round of facts that flap at once', async () => {
  const story = await Story.begin({ intent: web() });
  await allUp(story);
  const before = story.rounds();
  story.did();

  for (let i = 0; i < 100; i++) {
    story.setHealth('web/web1', { state: i % 2 === 0 ? 'down' : 'up' });
    story.engine.wake('facts');
  }
  await story.settle();

  assert.equal(story.rounds() - before, 1);
  assert.equal(story.did(), '', 'it ended where it began');
});

test('Engine ends an operator drain at its time: the member is down then', async () => {
  const story = await Story.begin({ intent: web() });
  await allUp(story);
  story.did();

  const untilMs = story.clock.nowMs() + 10_000;
  await story.override('web/web1', { state: 'drain', untilMs, by: 'ops' });
  assert.match(weights(story), /10\.0\.0\.1:80=0/);
  await story.wait(10_500, 500);
  assert.equal(weights(story), '10.0.0.2:80=10 10.0.0.3:80=10');
  await story.override('web/web1', undefined);

  assert.match(weights(story), /10\.0\.0\.1:80=10/);
  assert.match(
    story.heard(),
    /InService -> AdminDrain[\s\S]*AdminDrain -> AdminDown[\s\S]*AdminDown -> InService/,
  );
});

test('Engine holds a quorum for each family: a listener is not served by members it cannot reach', async () => {
  const members = [
    buildMember('10.0.0.1', { name: 'four', port: 80, weight: 10, backup: false }),
    buildMember('10.0.0.2', { name: 'spare', port: 80, weight: 10, backup: true }),
    buildMember('2001:db8::1', { name: 'six', port: 80, weight: 10 }),
  ];
  const intent = buildIntent({
    vips: [buildVip('v4', '192.0.2.10'), buildVip('v6', '2001:db8:1::10')],
    pools: [buildPool('web', members, { checks: [TCP_CHECK], quorum: { weight: 10, hysteresis: 0 } })],
    listeners: [buildListener('web', 'v4', 80, { vips: ['v4', 'v6'] })],
  });
  const story = await Story.begin({ intent });
  for (const name of ['four', 'spare', 'six']) await story.health(`web/${name}`, { state: 'up' });
  assert.equal(weights(story), '10.0.0.1:80=10 [2001:db8::1]:80=10');
  story.heard();

  await story.health('web/four', { state: 'down' });

  assert.match(
    weights(story),
    /10\.0\.0\.2:80=10/,
    'the member of the other family does not keep the backup idle',
  );
  await story.health('web/spare', { state: 'down' });
  assert.match(story.heard(), /quorum-changed web ipv4 lost/);
  assert.match(story.tells(), /web down NoHealthyMember/);
  assert.match(story.tells(), /web ok InService/);
  assert.match(weights(story), /\[2001:db8::1\]:80=10/);
});

test('Engine tells of a pool that only a rule sends to, and goes on serving the rest', async () => {
  const rule = { name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } } as const;
  const both = { checks: [TCP_CHECK], quorum: { weight: 2, hysteresis: 0 } };
  const intent = buildIntent({
    vips: [FRONT],
    listeners: [
      buildListener('web', 'front', 80, {
        protocol: 'http',
        mode: 'proxy',
        http: buildHttp({ rules: [rule] }),
      }),
    ],
    pools: [
      buildPool('web', THREE, { checks: [TCP_CHECK] }),
      buildPool(
        'api',
        [1, 2, 3].map((i) => buildMember(`10.0.1.${i}`, { name: `api${i}` })),
        both,
      ),
    ],
  });
  const story = await Story.begin({ intent });
  for (const i of [1, 2, 3]) story.setHealth(`api/api${i}`, { state: 'up' });
  await allUp(story);
  assert.match(story.tells(), /^web ok InService$/m);
  assert.doesNotMatch(story.heard(), /failed/);
  const says: string[] = [];

  for (const i of [1, 2, 3]) {
    await story.health(`api/api${i}`, { state: 'down' });
    const listener = story.engine.status()!.listeners[0]!;
    says.push(`${listener.condition} ${listener.reason} ${cannotServe(listener) ? 'withdrawn' : 'serves'}`);
  }

  assert.deepEqual(says, [
    'degraded CheckFailed serves',
    'degraded RulePoolLost serves',
    'degraded RulePoolLost serves',
  ]);
  story.heard();
  await story.config(buildIntent({ vips: [FRONT] }));
  assert.doesNotMatch(story.heard(), /failed/);
  assert.equal([...story.plane.owned.values()].filter((one) => one.kind !== 'address').length, 0);
});

test('Engine calls a listener in maintenance neither in service nor down, though its members are stopped', async () => {
  const http = buildHttp({ maintenance: true });
  const intent = buildIntent({
    vips: [FRONT],
    listeners: [buildListener('web', 'front', 80, { protocol: 'http', mode: 'proxy', http })],
    pools: [buildPool('web', THREE, { checks: [TCP_CHECK] })],
  });
  const story = await Story.begin({ intent });
  await allUp(story);
  for (const { name } of THREE) await story.health(`web/${name}`, { state: 'down' });

  assert.match(story.tells(), /^web ok MaintenancePage$/m);
});

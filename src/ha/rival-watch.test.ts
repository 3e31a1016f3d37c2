// Who else answers for an address of ours, and for how long that stands against this node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BFD_VIP, bfdPair } from '../../test/fixtures/bfd-pair.ts';
import { FakeRoute } from '../kernel/fake/fake-route.ts';
import { FakeClock } from '../lib/clock.ts';
import type { GroupKeeper } from './group-keeper.ts';
import { QUIET_MS, RivalWatch } from './rival-watch.ts';
import { Troubles } from './troubles.ts';

const VALID_MS = 9000;

function scene() {
  const intent = bfdPair();
  const [clock, route] = [new FakeClock(0), new FakeRoute()];
  route.addLink('eth0');
  const watch = new RivalWatch({
    clock,
    steady: clock,
    route,
    neighbours: route,
    troubles: new Troubles(() => {}),
    onEvent: () => {},
  });
  const activeSince = (sinceMs: number): GroupKeeper =>
    ({
      name: 'pair',
      group: intent.ha!.groups[0],
      fact: { role: 'active' },
      sinceMs,
      unheard: { isDue: () => false },
      seesRival: () => true,
    }) as unknown as GroupKeeper;
  const ask = (keeper: GroupKeeper): Promise<void> => watch.ask([keeper], intent, VALID_MS);
  return { clock, route, watch, activeSince, ask };
}

test('RivalWatch tells of who answers too until a look finds nobody, or its time is over', async () => {
  const { clock, route, watch, activeSince, ask } = scene();
  const keeper = activeSince(0);
  route.owners.set(BFD_VIP, '02:00:00:00:00:99');
  clock.advance(QUIET_MS);

  await ask(keeper);
  assert.match(watch.troubles([keeper]).join(), /02:00:00:00:00:99 answers/);
  clock.advance(VALID_MS);
  assert.deepEqual(watch.troubles([keeper]), []);

  await ask(keeper);
  assert.equal(watch.troubles([keeper]).length, 1);
  route.owners.clear();
  await ask(keeper);
  assert.deepEqual(watch.troubles([keeper]), []);
});

test('RivalWatch holds nothing against a node that was seen before its role moved: the peer took over then, and has given back', async () => {
  const { clock, route, watch, activeSince, ask } = scene();
  route.owners.set(BFD_VIP, '02:00:00:00:00:99');
  clock.advance(QUIET_MS);
  await ask(activeSince(0));

  clock.advance(1000);

  assert.deepEqual(watch.troubles([activeSince(clock.nowMs())]), []);
});

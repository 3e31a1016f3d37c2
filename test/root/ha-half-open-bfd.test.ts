// BFD over a link that lost one direction: both sessions go down, and the node that still hears knows that the other one lives.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen, hearAgain } from '../../lab/deaf.ts';
import { type FrrPair, startFrrPair } from '../../lab/frr-pair.ts';
import { bfdConfig, inFamilyOf, VIP, VIP6 } from '../../lab/ha-pair.ts';
import type { Host } from '../../lab/netns.ts';
import { until } from '../../lab/until.ts';

// Who leaves is asked here, not how soon: sessions of 3 x 200 ms outlive a processor that is away for a moment.
/** A session that is down sends once a second, and silence are three of those: that is its detection time. */
const DETECTION_MS = 3000;
const DETECTION_OF_UP_MS = 600;
const BUSY_MS = 1000;
const FORGETS_MS = 8000;

/**
 * A host that gets no answer forgets a neighbour within eight seconds instead of a minute. Never within three: that long it asks
 * three times, and by then the session must be known to be down.
 */
function forgetsSoon(host: Host): void {
  for (const family of ['ipv4', 'ipv6']) {
    const key = `net.${family}.neigh.eth0`;
    host.sysctls({
      [`${key}.base_reachable_time_ms`]: 1000,
      [`${key}.delay_first_probe_time`]: 1,
      [`${key}.mcast_solicit`]: 1,
    });
  }
}

for (const vip of [VIP, VIP6])
  describe(`sessions and address of one family, ${vip}`, () => {
    let pair: FrrPair;
    const config = (role: 'primary' | 'secondary'): string =>
      inFamilyOf(vip, bfdConfig(role).replaceAll('50ms', '200ms'));
    before(async () => {
      pair = await startFrrPair('hahalfb', ['zebra', 'bfdd'], config);
      for (const { host } of [pair.a, pair.b]) forgetsSoon(host);
    });
    after(() => pair.close());

    const holders = (): readonly boolean[] => [pair.a, pair.b].map((node) => node.holds(vip));
    async function seeEachOther(): Promise<void> {
      await until('both to see each other', async () =>
        (await Promise.all([pair.a.status(), pair.b.status()])).every(({ bfd }) => bfd.peer === true),
      );
      await pair.a.roleIs('active', 30_000);
      await pair.b.roleIs('standby');
      await until('one holder', () => holders().join() === 'true,false');
    }
    /** The standby hears nothing any more and takes over; the preferred node, which hears it, stands back. */
    async function theStandbyGoesDeaf(): Promise<void> {
      const { a, b } = pair;
      await seeEachOther();
      deafen(b.host, a.host);
      await b.roleIs('active');
      await a.roleIs('standby');
    }
    async function staysSoFor(ms: number): Promise<void> {
      const count = [pair.a, pair.b].map((node) => node.moves.length);
      await sleep(ms);
      assert.deepEqual(
        [pair.a, pair.b].map((node) => node.moves.length),
        count,
        JSON.stringify([pair.a, pair.b].map((node) => node.events.slice(-8))),
      );
    }

    test('the standby hears nothing: it takes over, and the preferred node that hears it leaves it the address', async () => {
      const { a, b } = pair;
      await theStandbyGoesDeaf();
      // It hears the other one claim the address; bfdd would tell a second later.
      const bothMs = a.moves.at(-1)!.atMs - b.moves.at(-1)!.atMs;
      assert.ok(bothMs <= DETECTION_OF_UP_MS, `both were active for ${bothMs} ms`);
      const [group] = (await a.status()).groups;
      assert.equal(group?.reason, 'SplitBrain');
      await until('one holder', () => holders().join() === 'false,true');
      await staysSoFor(FORGETS_MS + 2 * DETECTION_MS);

      hearAgain(b.host);
      await seeEachOther();
      for (const node of [a, b]) assert.deepEqual((await node.status()).troubles, []);
    });

    test('the preferred node hears nothing: it goes on, and the standby that hears it stands back', async () => {
      const { a, b } = pair;
      await seeEachOther();
      const before = a.moves.length;
      deafen(a.host, b.host);

      await until('the session to go down', async () => (await b.status()).bfd.peer === false);
      await until(
        'the standby to stand back',
        async () => (await b.status()).groups[0]?.reason === 'SplitBrain',
        DETECTION_MS + BUSY_MS,
      );
      await until('one holder', () => holders().join() === 'true,false');
      await staysSoFor(2 * DETECTION_MS);
      assert.equal(a.moves.length, before);

      hearAgain(a.host);
      await seeEachOther();
    });

    test('the node that stood back takes over when the deaf one dies', async () => {
      const { a, b } = pair;
      await theStandbyGoesDeaf();

      b.host.ip('link', 'set', 'eth0', 'down');
      await a.roleIs('active', DETECTION_MS + 5 * BUSY_MS);
    });
  });

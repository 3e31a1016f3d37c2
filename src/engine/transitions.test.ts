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
import { judgedIn, worldTransitions } from './transitions.ts';

/** A listener whose rule sends to a pool with a member of this state, which its own pool has too. */
function site(state: 'enabled' | 'down'): World {
  const rules = [{ name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } }] as const;
  const intent = buildIntent({
    vips: [buildVip('v', '192.0.2.10')],
    listeners: [
      buildListener('web', 'v', 80, { mode: 'proxy', protocol: 'http', http: buildHttp({ rules }) }),
    ],
    pools: [
      buildPool('web', [buildMember('10.0.0.1', { name: 'one', port: 80 })]),
      buildPool('api', [buildMember('10.0.0.1', { name: 'one', port: 80, state })]),
    ],
  });
  return resolve(intent, assumedFacts(intent, 0), { engine: 'haproxy' });
}

test('worldTransitions() tells of members of pools that rules send to', () => {
  const events = worldTransitions(site('enabled'), site('down'), 1);

  assert.deepEqual(
    events.map((one) => (one.kind === 'member-changed' ? `${one.pool}/${one.member} ${one.to}` : one.kind)),
    ['api/one AdminDown'],
  );
});

test('judgedIn() finds what the data plane judged of a pool that a rule sends to', () => {
  const judged = new Map([
    ['tcp/192.0.2.10:80 pool api > 10.0.0.1:80', { reason: 'TrafficFailed', sinceMs: 1 } as const],
  ]);

  assert.deepEqual([...judgedIn(site('enabled'), [judged]).keys()], ['api/one']);
});

// Worlds of the HAProxy benchmark: one listener under load, and a thousand with ten members each.
import type { HaproxyDriver } from '../../src/drivers/haproxy/haproxy-driver.ts';
import type { HttpOptions } from '../../src/model/http.ts';
import type { World } from '../../src/model/world.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { orderSteps } from '../../src/plan/order.ts';
import { createResolver } from '../../src/plan/resolve.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../test/fixtures/build-intent.ts';

export const VIP = '127.0.73.1';
export const LISTENERS = 1000;
export const MEMBERS = 10;
export const RULES = 20;

const vip = buildVip('vip', VIP, { manage: false });

/** With forwarded headers; `rules`: hosts that each go to one of two pools. */
export function small(port: number, rules: number): World {
  const http: HttpOptions = {
    rules: Array.from({ length: rules }, (_, i) => ({
      name: `shop${i}`,
      matches: [{ type: 'host', compare: 'equal', value: `shop${i}.example`, invert: false }],
      action: { kind: 'pool', pool: i % 2 === 0 ? 'even' : 'odd' },
    })),
    insertHeaders: ['X-Forwarded-For', 'X-Forwarded-Proto'],
    setHeaders: {},
    removeHeaders: [],
    compression: false,
    errorPages: {},
    maintenance: false,
  };
  const listeners = [8080, 8082].map((at) =>
    buildListener(`web${at}`, 'vip', at, {
      pool: 'web',
      protocol: 'http',
      mode: 'proxy',
      scheduler: 'rr',
      http: at === 8080 ? { ...http, rules: [] } : http,
    }),
  );
  const pools = ['web', 'even', 'odd'].map((name) => buildPool(name, [buildMember('127.0.0.1', { port })]));
  const intent = buildIntent({ vips: [vip], listeners, pools });
  return createResolver({ engine: 'haproxy' }).resolve(intent, assumedFacts(intent, 0));
}

/** Worlds that differ in the weight of one member; all other listeners stay the very same value, as they do in the engine. */
export class Large {
  readonly #resolver = createResolver({ engine: 'haproxy' });
  readonly #listeners = Array.from({ length: LISTENERS }, (_, i) =>
    buildListener(`app${i}`, 'vip', 20_000 + i, { protocol: 'http', mode: 'proxy', scheduler: 'lc' }),
  );
  readonly #pools = this.#listeners.map(({ name }, i) =>
    buildPool(
      name,
      Array.from({ length: MEMBERS }, (_, m) =>
        buildMember(`10.${m}.${i >> 8}.${i & 255}`, { port: 8000, weight: 100 }),
      ),
    ),
  );

  world(weight: number): World {
    const [first, ...others] = this.#pools;
    const [member, ...left] = first!.members;
    const pools = [{ ...first!, members: [{ ...member!, weight }, ...left] }, ...others];
    const intent = buildIntent({ vips: [vip], listeners: this.#listeners, pools });
    return this.#resolver.resolve(intent, assumedFacts(intent, 0));
  }
}

/** Plan, order, apply: a round without the engine. */
export async function apply(driver: HaproxyDriver, world: World): Promise<void> {
  const steps = orderSteps(driver.plan(driver.desired(world), await driver.observe()).steps);
  for (const phase of new Set(steps.map((step) => step.phase)))
    for (const result of await driver.apply(steps.filter((step) => step.phase === phase)))
      if (!result.ok) throw result.error;
}

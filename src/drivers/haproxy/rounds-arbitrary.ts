// Rounds of a driver for property tests: what is wanted, what became of it, and what the worker did by itself.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  buildHttp,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import type { World } from '../../model/world.ts';
import { assumedFacts } from '../../plan/assumed-facts.ts';
import type { Resolver } from '../../plan/resolve.ts';

const LISTENERS = ['plain', 'ruled', 'listed', 'secret'] as const;

const http = buildHttp({
  rules: [
    {
      name: 'shop',
      matches: [{ type: 'path', compare: 'starts', value: '/shop', invert: false }],
      action: { kind: 'pool', pool: 'shop' },
    },
  ],
});

export const rounds = fc.array(
  fc.record({
    listeners: fc.subarray([...LISTENERS], { minLength: 2 }),
    members: fc.subarray(['10.0.0.1', '10.0.0.2', '10.0.0.3'], { minLength: 1 }),
    weight: fc.integer({ min: 1, max: 3 }),
    maxConnections: fc.integer({ min: 0, max: 1 }),
    source: fc.constantFrom('192.0.2.0/24', '198.51.100.0/24'),
    certificate: fc.constantFrom('/nowhere/one.pem', '/nowhere/two.pem'),
    isApplied: fc.boolean(),
    closed: fc.option(fc.constantFrom(...LISTENERS), { nil: undefined }),
    strange: fc.constantFrom('none', 'weight', 'lost', 'more', 'out'),
    runs: fc.boolean(),
  }),
  { minLength: 2, maxLength: 8 },
);
export type Round = typeof rounds extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

export function portOf(listener: (typeof LISTENERS)[number]): number {
  return 8000 + LISTENERS.indexOf(listener);
}

export function worldOf(resolver: Resolver, round: Round): World {
  const { listeners, members, weight, maxConnections, source, certificate } = round;
  const more = {
    plain: {},
    ruled: { protocol: 'http', http },
    listed: { allowedSources: [source] },
    secret: {
      protocol: 'https',
      tls: {
        certificates: ['site'],
        minVersion: '1.2',
        maxVersion: '1.3',
        alpn: [],
        clientAuth: 'none',
      },
    },
  } as const;
  const own = (weights: number) =>
    members.map((one) => buildMember(one, { port: 80, weight: weights, maxConnections }));
  const intent = buildIntent({
    vips: [buildVip('vip', '192.0.2.10')],
    listeners: LISTENERS.filter((name) => listeners.includes(name)).map((name) =>
      buildListener(name, 'vip', portOf(name), { mode: 'proxy', ...more[name] }),
    ),
    pools: [...LISTENERS, 'shop'].map((name) => buildPool(name, own(name === 'plain' ? weight : 1))),
    certificates: new Map([['site', { name: 'site', certificateFile: certificate }]]),
  });
  const world = resolver.resolve(intent, assumedFacts(intent, 0));
  assert.deepEqual(world.unplaced, []);
  return world;
}

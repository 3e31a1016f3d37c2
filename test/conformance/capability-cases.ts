// Conformance: every capability an engine claims is written and reads back.
import assert from 'node:assert/strict';
import { CAPABILITIES, type Capabilities } from '../../src/model/capabilities.ts';
import type { Listener, Persistence } from '../../src/model/listener.ts';
import type { ConcreteEngine, ListenerProtocol } from '../../src/model/protocol.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import type { WantedListener } from './conformance-world.ts';
import { converge } from './converge.ts';
import type { ConformanceCase } from './test-driver.ts';

/** Where 8, 9 and 16 bit counters would break. */
const WEIGHTS = [0, 1, 255, 256, 257, 32_768, 65_535];

export function capabilityCases(
  engine: ConcreteEngine,
  can: Capabilities = CAPABILITIES[engine],
): readonly ConformanceCase[] {
  // TLS needs certificates on disk: the haproxy driver's own tests have them.
  const protocols = can.protocols.filter((protocol) => protocol !== 'https' && protocol !== 'tls');
  const limits = { connections: 100, connectionsPerSecond: 0, perSourcePerSecond: 0 };
  const rates = { connections: 0, connectionsPerSecond: 50, perSourcePerSecond: 5 };
  return [
    ...each('protocol', protocols, (protocol) => ({ listener: { protocol } })),
    ...each('mode', can.modes, (mode) => ({ listener: listenerOfMode(mode) })),
    ...each('scheduler', can.schedulers, (scheduler) => ({
      listener: {
        scheduler,
        ...(scheduler === 'uri' || scheduler === 'header' ? { protocol: 'http' as const } : {}),
        ...(scheduler === 'header' ? { schedulerKey: 'X-User' } : {}),
      },
    })),
    ...each('scheduler flag', can.schedulerFlags, (flag) => ({
      listener:
        flag === 'one-packet'
          ? { protocol: 'udp', scheduler: 'rr', schedulerFlags: [flag] }
          : { scheduler: 'sh', schedulerFlags: [flag] },
    })),
    ...each('tunnel', can.tunnels, (type) => ({
      listener: { mode: 'tunnel', tunnel: { type, port: 6080, checksum: 'none' } },
    })),
    ...each('persistence', can.persistence, (kind) => ({ listener: listenerOfPersistence(kind) })),
    ...each(
      'weight',
      WEIGHTS.filter((weight) => weight <= can.maxWeight),
      (weight) => ({ weight }),
    ),
    ...each('family', [4, 6] as const, (family) => ({ family })),
    ...(can.connectionLimits ? each('limit', ['connections'], () => ({ listener: { limits } })) : []),
    ...(can.rateLimits ? each('limit', ['rates'], () => ({ listener: { limits: rates } })) : []),
    ...(can.allowedSources
      ? each('allowed source', ['198.51.100.0/24'], (prefix) => ({ listener: { allowedSources: [prefix] } }))
      : []),
    ...(can.marks
      ? each('mark', [7], (mark) => ({ listener: { mark, markFamily: 4, vips: [], ports: [] } }))
      : []),
    memberLimits(),
  ];
}

interface Variant {
  readonly family?: 4 | 6;
  readonly weight?: number;
  readonly listener?: Partial<Listener>;
}

/** One case for each word; a listener beside it must stay as it is while this one comes and goes. */
function each<Word extends string | number>(
  what: string,
  words: readonly Word[],
  variantOf: (word: Word) => Variant,
): readonly ConformanceCase[] {
  return words.map((word) => ({
    name: `apply() keeps its word on ${what} ${word}`,
    async run({ driver }, { world, addresses }) {
      const { weight = 1, family, listener } = variantOf(word);
      const pick = family === 6 ? addresses.members6 : addresses.members4;
      // A second member of weight 1: what weights mean, they mean beside others.
      const members = [buildMember(pick[0], { weight }), buildMember(pick[1])];
      const wanted: WantedListener = {
        port: 8080,
        members,
        ...(family === undefined ? {} : { family }),
        ...(listener === undefined ? {} : { listener }),
      };

      const { desired } = await converge(driver, world({ port: 80 }, wanted));
      const { steps } = await converge(driver, world({ port: 80 }));

      assert.ok(desired.size > 0);
      assert.ok(!steps.some((step) => step.verb !== 'remove' && step.item.kind === 'listener'));
    },
  }));
}

function memberLimits(): ConformanceCase {
  return {
    name: 'apply() keeps its word on connection limits of members',
    async run({ driver }, { world, addresses }) {
      const member = buildMember(addresses.members4[0], { maxConnections: 5000, minConnections: 4000 });

      const { desired } = await converge(driver, world({ port: 80, members: [member] }));

      assert.ok(desired.size >= 2);
    },
  };
}

function listenerOfMode(mode: Listener['mode']): Partial<Listener> {
  return mode === 'fullnat' ? { mode, sourceAddresses: ['192.0.2.200'] } : { mode };
}

function listenerOfPersistence(kind: Persistence['kind']): Partial<Listener> {
  const http: ListenerProtocol = 'http';
  switch (kind) {
    case 'source':
      return { persistence: { kind, timeoutMs: 300_000, granularityV4: 24, granularityV6: 64 } };
    case 'sip':
      return { protocol: 'udp', persistence: { kind, timeoutMs: 60_000 } };
    default:
      return { protocol: http, persistence: { kind, cookie: 'SRV', timeoutMs: 3_600_000 } };
  }
}

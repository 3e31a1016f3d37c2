// Worlds the conformance suite asks a driver for: built by resolve(), so that drivers meet what they meet in service.
import type { Listener } from '../../src/model/listener.ts';
import type { Member } from '../../src/model/pool.ts';
import type { ConcreteEngine } from '../../src/model/protocol.ts';
import type { World } from '../../src/model/world.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { resolve } from '../../src/plan/resolve.ts';
import { buildIntent, buildListener, buildMember, buildPool, buildVip } from '../fixtures/build-intent.ts';

/** Addresses a driver may use in its test; documentation networks unless its outside needs real ones. */
export interface ConformanceAddresses {
  readonly vip4: string;
  readonly vip6: string;
  readonly members4: readonly [string, string, string];
  readonly members6: readonly [string, string, string];
}

export const DOCUMENTATION_ADDRESSES: ConformanceAddresses = {
  vip4: '192.0.2.10',
  vip6: '2001:db8::10',
  members4: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  members6: ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::3'],
};

export interface WantedListener {
  readonly port: number;
  readonly family?: 4 | 6;
  readonly members?: readonly Member[];
  readonly listener?: Partial<Listener>;
}

export interface WorldBuilder {
  readonly addresses: ConformanceAddresses;
  world(...wanted: readonly WantedListener[]): World;
  /** The first `count` members of a family, weight 1. */
  members(count: number, family?: 4 | 6): readonly Member[];
}

export function worldBuilder(
  engine: ConcreteEngine,
  addresses: ConformanceAddresses = DOCUMENTATION_ADDRESSES,
): WorldBuilder {
  const members = (count: number, family: 4 | 6 = 4): readonly Member[] =>
    (family === 4 ? addresses.members4 : addresses.members6)
      .slice(0, count)
      .map((address) => buildMember(address, { weight: 1 }));
  const world = (...wanted: readonly WantedListener[]): World => {
    const names = wanted.map(({ port, family = 4, listener }) => nameOf(port, family, listener));
    const intent = buildIntent({
      // Not managed: who carries addresses is another question than who forwards.
      vips: [
        buildVip('vip4', addresses.vip4, { manage: false }),
        buildVip('vip6', addresses.vip6, { manage: false }),
      ],
      listeners: wanted.map(({ port, family = 4, listener }, i) =>
        buildListener(names[i]!, `vip${family}`, port, {
          mode: engine === 'haproxy' ? 'proxy' : 'nat',
          ...(engine === 'haproxy' ? { scheduler: 'rr' as const } : {}),
          ...listener,
        }),
      ),
      pools: wanted.map((one, i) => buildPool(names[i]!, one.members ?? members(2, one.family))),
    });
    const built = resolve(intent, assumedFacts(intent, 0), { engine });
    // A test on a listener that was not placed would pass without testing anything.
    for (const one of built.unplaced)
      throw new Error(`Cannot build a conformance world for ${engine} as ${one.listener}: ${one.detail}`);
    return built;
  };
  return { addresses, world, members };
}

function nameOf(port: number, family: 4 | 6, listener?: Partial<Listener>): string {
  return listener?.mark === undefined
    ? `l${port}-${family}-${listener?.protocol ?? 'tcp'}`
    : `mark${listener.mark}`;
}

// The conformance suite: what the engine relies on in every driver. The memory driver is the reference.
import { describe, test } from 'node:test';
import type { Capabilities } from '../../src/model/capabilities.ts';
import type { Driver } from '../../src/model/driver.ts';
import type { ConcreteEngine } from '../../src/model/protocol.ts';
import type { World } from '../../src/model/world.ts';
import { capabilityCases } from './capability-cases.ts';
import { type ConformanceAddresses, type WorldBuilder, worldBuilder } from './conformance-world.ts';
import { contractCases } from './contract-cases.ts';
import { ownershipCases } from './ownership-cases.ts';

/** A driver on an outside of its own, and the hands that tests need on that outside. */
export interface Conformance {
  readonly driver: Driver;
  /** Another instance on the same outside, as after a restart of the daemon. The first is closed before. */
  reopen(): Promise<Driver>;
  /** Somebody else makes what this World describes, behind the driver's back. */
  plantForeign?(world: World): Promise<void>;
  /** Keys of what somebody else made and still is there. */
  foreignKeys?(): Promise<readonly string[]>;
  /**
   * Somebody else's objects end. Given where a thing of theirs cannot be taken by force, as a socket of another program: an
   * adoption then waits, says so, and happens once the place is free.
   */
  releaseForeign?(): Promise<void>;
  /** The next operation on this item's key fails. */
  failOn?(key: string): Promise<void>;
  /** Takes the outside away. */
  close(): Promise<void>;
}

export interface ConformanceOptions {
  readonly name: string;
  readonly engine: ConcreteEngine;
  create(): Promise<Conformance>;
  readonly addresses?: ConformanceAddresses;
  /** Less than the engine claims, where the machine under test has not all of it; default everything. */
  readonly capabilities?: Capabilities;
  /** How much longer than usual things may take where the machine is emulated; default 1. */
  readonly slowness?: number;
  /** Tests this driver cannot pass, by exact name, each with the reason. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

export interface ConformanceCase {
  readonly name: string;
  run(outside: Conformance, build: WorldBuilder): Promise<void>;
}

export function testDriver(options: ConformanceOptions): void {
  const build = worldBuilder(options.engine, options.addresses);
  const cases = [
    ...contractCases(options.slowness),
    ...ownershipCases(),
    ...capabilityCases(options.engine, options.capabilities),
  ];
  const reasons = skipReasons(options, cases);
  describe(`${options.name} driver`, () => {
    for (const one of cases) {
      const reason = reasons.get(one.name);
      test(one.name, reason === undefined ? {} : { skip: reason }, async () => {
        const outside = await options.create();
        try {
          await one.run(outside, build);
        } finally {
          await outside.close();
        }
      });
    }
  });
}

/** A skip that names no test is a leftover, and refused. */
function skipReasons(
  options: ConformanceOptions,
  cases: readonly ConformanceCase[],
): ReadonlyMap<string, string> {
  const names = new Set(cases.map((one) => one.name));
  const reasons = new Map<string, string>();
  for (const { reason, tests } of options.skip ?? [])
    for (const name of tests) {
      if (!names.has(name)) throw new RangeError(`Cannot skip "${name}" as the suite has no such test`);
      reasons.set(name, reason);
    }
  return reasons;
}

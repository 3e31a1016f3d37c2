// What files of packet tests begin with: a rig that is empty before each test, and a packet sent through it.
import assert from 'node:assert/strict';
import { after, beforeEach } from 'node:test';
import type { Bytes } from './packet.ts';
import { Rig } from './rig.ts';
import { hex } from './world.ts';

export interface OnRig {
  readonly rig: Rig;
  readonly sent: (bytes: Bytes) => { readonly verdict: number; readonly out: Bytes };
}

export function onRig(): OnRig {
  const rig = new Rig();
  beforeEach(() => {
    rig.configure();
    rig.clear();
  });
  after(() => rig.close());
  return {
    rig,
    sent(bytes) {
      const { verdict, packet } = rig.run.run(bytes);
      return { verdict, out: packet.slice() };
    },
  };
}

/** Told apart as hexadecimal text, which shows where. */
export function same(actual: Bytes, expected: Bytes): void {
  assert.equal(hex(actual), hex(expected));
}

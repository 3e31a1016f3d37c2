// Two loadings of the program with the same tables: one tries the short way first, the other has the whole walk alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { FLOW4, FLOW4_KEY } from '../../src/drivers/xdp/layout.ts';
import type { TestRun } from '../../src/kernel/bpf/test-run.ts';
import type { Bytes } from './packet.ts';
import { Rig } from './rig.ts';
import { hex } from './world.ts';

/** ways.bpf.c */
const OBJECT = join(import.meta.dirname, '../../build/bpf/ways.bpf.o');
/** NOT_QUICK of bpf/glance.h, as a verdict. */
const NOT_QUICK = 0xffffffff;
const REPLY = 1;
/** So large that nothing is evicted: which row would be is the kernel's chance. */
const SIZES = { flows4: 262_144 };

export interface Sent {
  readonly verdict: number;
  readonly out: Bytes;
  /** Whether the short way took it. */
  readonly short: boolean;
}

export class BothWays {
  readonly #first = new Rig(SIZES, OBJECT);
  readonly #second = new Rig(SIZES, OBJECT);
  readonly #short: TestRun;
  readonly #rest: TestRun;
  readonly #whole: TestRun;
  #members: readonly number[] = [];

  constructor() {
    this.#short = this.#first.runner('short_way');
    this.#rest = this.#first.runner('whole_walk');
    this.#whole = this.#second.runner('whole_walk');
  }

  /** The same done to the tables of both. */
  both(change: (rig: Rig) => void): void {
    change(this.#first);
    change(this.#second);
  }

  /** Those whose counters are compared. */
  watch(members: readonly number[]): void {
    this.#members = members;
  }

  /** Fails where verdict or bytes differ, or where the short way touched what it then leaves to the whole walk. */
  send(bytes: Bytes): Sent {
    const whole = this.#whole.run(bytes);
    let { verdict, packet } = this.#short.run(bytes);
    const short = verdict !== NOT_QUICK;
    if (!short) {
      if (hex(packet) !== hex(bytes)) assert.fail(`left to the whole walk but changed: ${hex(bytes)}`);
      ({ verdict, packet } = this.#rest.run(bytes));
    }
    if (verdict !== whole.verdict || hex(packet) !== hex(whole.packet))
      assert.fail(
        `${hex(bytes)}\nby the short way (${short}): ${verdict} ${hex(packet)}\nby the whole walk: ${whole.verdict} ${hex(whole.packet)}`,
      );
    return { verdict, out: packet.slice(), short };
  }

  assertSameTables(): void {
    assert.deepEqual(this.#first.counts(), this.#second.counts());
    for (const member of this.#members)
      assert.deepEqual(
        this.#first.memberCounts(member),
        this.#second.memberCounts(member),
        `member ${member}`,
      );
    for (const name of ['member_live', 'listener_live']) {
      const memory = (rig: Rig) => hex(new Uint8Array(rig.object.map(name).memory()));
      assert.equal(memory(this.#first), memory(this.#second), name);
    }
    assert.deepEqual(flowsOf(this.#first), flowsOf(this.#second));
  }

  counts(): ReturnType<Rig['counts']> {
    return this.#first.counts();
  }

  close(): void {
    this.both((rig) => rig.close());
  }
}

/** Rows by key, without the tick: the two are not written at the same moment. */
function flowsOf(rig: Rig): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const { count, keys, values } of rig.object.map('flows4').batches(4096))
    for (let row = 0; row < count; row++) {
      const key = keys.subarray(row * FLOW4_KEY.size, (row + 1) * FLOW4_KEY.size);
      const value = values.slice(row * FLOW4.size, (row + 1) * FLOW4.size);
      if (key[FLOW4_KEY.direction] !== REPLY) {
        // 4 bits of state below 12 of the tick.
        value[FLOW4.stampState]! &= 15;
        value[FLOW4.stampState + 1] = 0;
      }
      out[hex(key)] = hex(value);
    }
  return out;
}

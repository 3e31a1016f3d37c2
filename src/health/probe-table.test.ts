import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../../test/fixtures/build-intent.ts';
import type { Intent } from '../model/intent.ts';
import type { Pool } from '../model/pool.ts';
import { ProbeTable } from './probe-table.ts';

const POOLS = ['a', 'b', 'c'];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];

/** The same sequence in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

function randomPool(name: string, roll: (sides: number) => number): Pool {
  const members = ADDRESSES.slice(0, 1 + roll(4)).map((address, i) =>
    buildMember(address, { name: `m${i}`, port: roll(3) === 0 ? 0 : 80 }),
  );
  return buildPool(name, members, { checks: roll(4) === 0 ? [] : [{ ...TCP_CHECK, viaVip: roll(5) === 0 }] });
}

function seen(table: ProbeTable) {
  const sorted = (words: readonly string[]) => [...words].sort();
  return {
    probes: [...table.probes.values()]
      .map(({ check: _, ...probe }) => ({ ...probe, members: sorted(probe.members) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    members: [...table.members].map(([member, keys]) => [member, sorted(keys)]).sort(),
  };
}

test('ProbeTable has after any number of changes what it would have were the last Intent its first', () => {
  const roll = dice(7);
  const pools = new Map<string, Pool>();
  const followed = new ProbeTable();
  for (let step = 0; step < 300; step++) {
    const name = POOLS[roll(POOLS.length)]!;
    if (roll(4) === 0) pools.delete(name);
    else pools.set(name, randomPool(name, roll));
    const mode = roll(2) === 0 ? 'dr' : 'nat';
    const intent: Intent = buildIntent({
      vips: [buildVip('v', '192.0.2.10')],
      listeners: [...pools.keys()].map((pool, i) =>
        buildListener(pool, 'v', 1000 + roll(3) * 10 + i, { pool, mode }),
      ),
      pools: [...pools.values()],
    });
    const before = new Map(followed.probes);

    const { added, removed } = followed.set(intent);

    const fresh = new ProbeTable();
    fresh.set(intent);
    assert.deepEqual(seen(followed), seen(fresh));
    assert.deepEqual(
      added.map(({ key }) => key).sort(),
      [...fresh.probes.keys()].filter((key) => !before.has(key)).sort(),
    );
    assert.deepEqual([...removed].sort(), [...before.keys()].filter((key) => !fresh.probes.has(key)).sort());
  }
});

test('ProbeTable says which members are asked otherwise than before', () => {
  const table = new ProbeTable();
  const same = buildPool('same', [buildMember('10.0.0.1', { port: 80 })], { checks: [TCP_CHECK] });
  const moved = (port: number) =>
    buildPool('moved', [buildMember('10.0.0.2', { name: 'm', port })], { checks: [TCP_CHECK] });
  table.set(buildIntent({ pools: [same, moved(80)] }));
  const [was] = table.members.get('moved/m')!;

  const { members } = table.set(buildIntent({ pools: [same, moved(81)] }));

  assert.deepEqual([...members], [['moved/m', [was]]]);
  assert.notEqual(table.members.get('moved/m')![0], was);
});

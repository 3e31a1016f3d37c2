// What keepalived is told besides its configuration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELL } from '../../../test/fixtures/group-inputs.ts';
import type { GroupInputs } from '../roles/inputs.ts';
import { LAST_RESORT, vrrpOrders } from './orders.ts';

const TRACKED = { ...WELL, weight: -20 };
const STANDBY = { role: 'standby', damped: false, pulse: false } as const;
const ACTIVE = { ...STANDBY, role: 'active' } as const;

type Now = Parameters<typeof vrrpOrders>[1];
const CASES: readonly [
  name: string,
  inputs: Partial<GroupInputs>,
  now: Now,
  fault: boolean,
  weight: number,
][] = [
  ['well', {}, STANDBY, false, -20],
  ['not applied', { applied: false }, STANDBY, true, -20],
  ['not applied after a restart of ours while active', { applied: false }, ACTIVE, false, -20],
  ['connections still coming in', { synced: false }, STANDBY, false, LAST_RESORT],
  ['connections asked for while active', { synced: false }, ACTIVE, false, -20],
  ['maintenance', { maintenance: true }, ACTIVE, false, LAST_RESORT],
  [
    'maintenance among peers that do not preempt',
    { maintenance: true },
    { ...ACTIVE, pulse: true },
    true,
    LAST_RESORT,
  ],
  ['a fault', { faults: ['disk'] }, ACTIVE, true, -20],
  ['a second master that comes first', { yieldsTo: 'lb-b' }, ACTIVE, true, -20],
  ['flapping', {}, { ...STANDBY, damped: true }, false, LAST_RESORT],
  ['flapping while active', {}, { ...ACTIVE, damped: true }, false, -20],
];

for (const [name, inputs, now, fault, weight] of CASES)
  test(`vrrpOrders() with ${name}`, () => {
    const group = {} as GroupInputs['group'];

    assert.deepEqual(vrrpOrders({ ...TRACKED, group, ...inputs }, now), { fault, weight });
  });

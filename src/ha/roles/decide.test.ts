// The table of roles: what each chooser asks for in each situation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGroup } from '../../../test/fixtures/build-intent.ts';
import { WELL } from '../../../test/fixtures/group-inputs.ts';
import type { HaGroup, RoleChooser } from '../../model/ha.ts';
import { decide, type Standing } from './decide.ts';
import type { GroupInputs } from './inputs.ts';

const NOW = 1_000_000;

function group(chooser: RoleChooser, more: Partial<HaGroup> = {}): HaGroup {
  return buildGroup('pair', ['www'], { chooser, preempt: true, ...more });
}

const STANDBY: Standing = { role: 'standby', epoch: 3 };
const ACTIVE: Standing = { role: 'active', epoch: 3 };

type Case = readonly [
  name: string,
  chooser: RoleChooser,
  inputs: Partial<GroupInputs>,
  standing: Standing,
  expected: string,
];
const peers = (alive: 'some' | 'no' | 'none' | 'unknown' | 'deaf') => ({
  choice: { kind: 'peers', alive } as const,
});
const lease = (role: 'active' | 'standby', untilMs: number) => ({
  choice: { kind: 'lease', role, epoch: 7, untilMs } as const,
});
const report = (role: 'active' | 'standby' | 'fault', priority: number) => ({
  ...peers('some'),
  peer: { node: 'lb-b', role, epoch: 4, priority, untilMs: NOW + 1000 },
});

const CASES: readonly Case[] = [
  ['nothing heard of VRRP', 'vrrp', {}, STANDBY, 'standby Standby'],
  ['VRRP elected us', 'vrrp', { choice: { kind: 'vrrp', role: 'active' } }, STANDBY, 'active Active'],
  [
    'VRRP elected us although not ready',
    'vrrp',
    { choice: { kind: 'vrrp', role: 'active' }, applied: false },
    STANDBY,
    'active Active',
  ],
  [
    'VRRP lets go as we stand back from a second master',
    'vrrp',
    { choice: { kind: 'vrrp', role: 'fault' }, yieldsTo: 'lb-b' },
    ACTIVE,
    'fault SplitBrain',
  ],
  [
    'VRRP keeps us back for our own reason',
    'vrrp',
    { choice: { kind: 'vrrp', role: 'standby' }, synced: false },
    STANDBY,
    'standby NotReady',
  ],
  [
    'VRRP keeps us back in maintenance',
    'vrrp',
    { choice: { kind: 'vrrp', role: 'standby' }, maintenance: true },
    STANDBY,
    'standby Maintenance',
  ],
  [
    'a fault',
    'static',
    { group: group('static', { initialRole: 'active' }), faults: ['disk'] },
    ACTIVE,
    'fault Fault',
  ],
  [
    'not applied yet',
    'static',
    { group: group('static', { initialRole: 'active' }), applied: false },
    STANDBY,
    'standby NotReady',
  ],
  [
    'active before our restart',
    'static',
    { group: group('static', { initialRole: 'active' }), applied: false },
    ACTIVE,
    'active Active',
  ],
  [
    'static active',
    'static',
    { group: group('static', { initialRole: 'active' }) },
    STANDBY,
    'active Active',
  ],
  [
    'maintenance wins over static',
    'static',
    { group: group('static', { initialRole: 'active' }), maintenance: true },
    ACTIVE,
    'standby Maintenance',
  ],
  ['ecmp is active everywhere', 'bgp-ecmp', { preferred: false }, STANDBY, 'active Active'],
  ['no elector yet', 'external', {}, STANDBY, 'standby Standby'],
  ['a lease', 'external', lease('active', NOW + 1), STANDBY, 'active Active'],
  ['a lease that ran out', 'external', lease('active', NOW), ACTIVE, 'standby Standby'],
  [
    'the peer is seen and preferred',
    'bfd',
    { preferred: false, ...peers('some') },
    ACTIVE,
    'standby Standby',
  ],
  ['the peer is seen, we are preferred', 'bfd', peers('some'), STANDBY, 'active Active'],
  ['the peer is gone', 'bfd', { preferred: false, ...peers('no') }, STANDBY, 'active Active'],
  ['the peer hears nothing and carries it', 'bfd', peers('deaf'), ACTIVE, 'standby SplitBrain'],
  ['the peer was not heard yet', 'bfd', peers('unknown'), STANDBY, 'standby Standby'],
  [
    'the peer was not heard yet, active before',
    'bfd',
    { preferred: false, ...peers('unknown') },
    ACTIVE,
    'active Active',
  ],
  ['connections still come in', 'bfd', { ...peers('some'), synced: false }, STANDBY, 'standby NotReady'],
  [
    'connections still come in but the peer is gone',
    'bfd',
    { ...peers('no'), synced: false },
    STANDBY,
    'active Active',
  ],
  ['the peer reports a higher priority', 'bfd', report('active', 200), STANDBY, 'standby Standby'],
  ['the peer reports a fault', 'bfd', report('fault', 200), STANDBY, 'active Active'],
  [
    'our tracks pull us below the peer',
    'bfd',
    { ...report('standby', 120), weight: -60 },
    ACTIVE,
    'standby Standby',
  ],
  [
    'no preemption of an active peer',
    'bfd',
    { group: group('bfd', { preempt: false }), ...report('active', 100) },
    STANDBY,
    'standby Standby',
  ],
  [
    'a rival of higher priority',
    'static',
    {
      group: group('static', { initialRole: 'active' }),
      rival: { how: 'report', node: 'lb-b', priority: 200, epoch: 4, untilMs: NOW + 1 },
    },
    ACTIVE,
    'standby SplitBrain',
  ],
  [
    'a rival of lower priority',
    'static',
    {
      group: group('static', { initialRole: 'active' }),
      rival: { how: 'report', node: 'lb-b', priority: 100, epoch: 9, untilMs: NOW + 1 },
    },
    ACTIVE,
    'active Active',
  ],
  [
    'a rival nobody knows',
    'static',
    { group: group('static', { initialRole: 'active' }), rival: { how: 'address', untilMs: NOW + 1 } },
    ACTIVE,
    'active Active',
  ],
  [
    'a rival that is over',
    'static',
    {
      group: group('static', { initialRole: 'active' }),
      rival: { how: 'report', node: 'lb-b', priority: 200, epoch: 4, untilMs: NOW },
    },
    ACTIVE,
    'active Active',
  ],
];

test('decide() says of a fault what VRRP says of it, never that another node is master', () => {
  const detail = (why: { readonly why?: string }): string =>
    decide({ ...WELL, group: group('vrrp'), choice: { kind: 'vrrp', role: 'fault', ...why } }, ACTIVE, NOW)
      .detail;

  assert.equal(detail({ why: 'interface "eth0" is down' }), 'interface "eth0" is down');
  assert.equal(detail({}), 'VRRP holds it in fault');
});

for (const [name, chooser, inputs, standing, expected] of CASES)
  test(`decide() ${chooser}: ${name} gives ${expected}`, () => {
    const verdict = decide({ ...WELL, group: group(chooser), ...inputs }, standing, NOW);

    assert.equal(`${verdict.role} ${verdict.reason}`, expected);
  });

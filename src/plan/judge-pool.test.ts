import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMember, buildPool, TCP_CHECK } from '../../test/fixtures/build-intent.ts';
import type { Facts, MemberHealth, Override } from '../model/facts.ts';
import type { Member, Pool } from '../model/pool.ts';
import { ALL_ENGINES } from './assumed-facts.ts';
import { holdsQuorum, isCurrent, judgePool, memberKeysOf, poolFacts } from './judge-pool.ts';

const NOW = 1000;

interface Given {
  readonly members: readonly Partial<Member>[];
  readonly pool?: Partial<Pool>;
  /** By index of the member; absent is no fact at all. */
  readonly health?: Readonly<Record<number, Partial<MemberHealth>>>;
  readonly overrides?: Readonly<Record<number, Override>>;
  readonly held?: boolean;
}

/** `weight reason` of each member, `-` where it has no row, `!` where its flows are reset. */
function judge(given: Given): string {
  const members = given.members.map((more, i) => buildMember(`10.0.0.${i + 1}`, { weight: 10, ...more }));
  const pool = buildPool('web', members, { checks: [TCP_CHECK], ...given.pool });
  const keys = memberKeysOf(pool);
  const health = Object.entries(given.health ?? {}).map(([i, more]): [string, MemberHealth] => [
    keys[Number(i)]!,
    { state: 'up', factor: 1, ramp: 1, sinceMs: 0, ...more },
  ]);
  const overrides = Object.entries(given.overrides ?? {}).map(([i, one]): [string, Override] => [
    keys[Number(i)]!,
    one,
  ]);
  const facts: Facts = {
    nowMs: NOW,
    engines: ALL_ENGINES,
    roles: new Map(),
    health: new Map(health),
    overrides: new Map(overrides),
    quorum: given.held === undefined ? new Map() : new Map([['web', given.held]]),
  };
  return judgePool(pool, poolFacts(pool, keys, facts))
    .members.map((one) => {
      const row = one.present ? String(one.weight) : '-';
      return `${row}${one.resetFlows ? '!' : ''} ${one.reason}`;
    })
    .join(', ');
}

const UP = { state: 'up' } as const;
const DOWN = { state: 'down' } as const;

const CASES: readonly (Given & { readonly name: string; readonly expected: string })[] = [
  { name: 'serves what is up', members: [{}], health: { 0: UP }, expected: '10 InService' },
  { name: 'serves what nobody checks', members: [{}], pool: { checks: [] }, expected: '10 NotChecked' },
  {
    name: 'listens to facts even without checks',
    members: [{}],
    pool: { checks: [] },
    health: { 0: DOWN },
    expected: '0 CheckFailed',
  },
  { name: 'waits for the first answer', members: [{}], expected: '0 AwaitingFirstCheck' },
  {
    name: 'serves before the first answer where the check says so',
    members: [{ checks: [{ ...TCP_CHECK, first: 'up' }] }],
    expected: '10 AwaitingFirstCheck',
  },
  {
    name: 'keeps a failed member with weight 0',
    members: [{}],
    health: { 0: DOWN },
    expected: '0 CheckFailed',
  },
  {
    name: 'removes it where asked',
    members: [{}],
    pool: { onFailure: 'remove' },
    health: { 0: DOWN },
    expected: '- CheckFailed',
  },
  {
    name: 'resets its flows where asked',
    members: [{}],
    pool: { onFailure: 'reset' },
    health: { 0: DOWN },
    expected: '0! CheckFailed',
  },
  {
    name: 'does not reset what was never up',
    members: [{}],
    pool: { onFailure: 'reset' },
    expected: '0 AwaitingFirstCheck',
  },
  { name: 'scales by the factor', members: [{}], health: { 0: { factor: 0.5 } }, expected: '5 InService' },
  {
    name: 'scales to no less than 1',
    members: [{}],
    health: { 0: { factor: 0.01 } },
    expected: '1 InService',
  },
  { name: 'lets a factor of 0 drain', members: [{}], health: { 0: { factor: 0 } }, expected: '0 ZeroWeight' },
  { name: 'ramps up', members: [{}], health: { 0: { ramp: 0.3 } }, expected: '3 SlowStart' },
  { name: 'starts a ramp at 1', members: [{}], health: { 0: { ramp: 0 } }, expected: '1 SlowStart' },
  {
    name: 'takes a dynamic weight over the factor',
    members: [{}],
    health: { 0: { factor: 0.1, dynamicWeight: 70 } },
    expected: '70 InService',
  },
  {
    name: 'ramps a dynamic weight',
    members: [{}],
    health: { 0: { ramp: 0.5, dynamicWeight: 70 } },
    expected: '35 SlowStart',
  },
  {
    name: 'holds a weight within 16 bits',
    members: [{}],
    health: { 0: { dynamicWeight: 99_999 } },
    expected: '65535 InService',
  },
  {
    name: 'keeps weight 0',
    members: [{ weight: 0 }, {}],
    health: { 0: UP, 1: UP },
    expected: '0 ZeroWeight, 10 InService',
  },
  { name: 'obeys admin drain', members: [{ state: 'drain' }], health: { 0: UP }, expected: '0 AdminDrain' },
  { name: 'obeys admin down', members: [{ state: 'down' }], health: { 0: UP }, expected: '- AdminDown' },
  {
    name: 'obeys admin up over checks',
    members: [{ state: 'up' }],
    health: { 0: DOWN },
    expected: '10 AdminUp',
  },
  {
    name: 'puts an override above the file and above health',
    members: [{ state: 'down' }],
    health: { 0: DOWN },
    overrides: { 0: { state: 'up', by: 'ops' } },
    expected: '10 AdminUp',
  },
  {
    name: 'takes a drain that ended as down',
    members: [{}],
    health: { 0: UP },
    overrides: { 0: { state: 'drain', untilMs: NOW, by: 'ops' } },
    expected: '- AdminDown',
  },
  {
    name: 'forgets any other override that ended',
    members: [{}],
    health: { 0: UP },
    overrides: { 0: { state: 'down', untilMs: NOW, by: 'ops' } },
    expected: '10 InService',
  },
  {
    name: 'keeps a backup idle while an ordinary member serves',
    members: [{}, {}, { backup: true }],
    health: { 0: DOWN, 1: UP, 2: UP },
    expected: '0 CheckFailed, 10 InService, - BackupIdle',
  },
  {
    name: 'uses the backup when no ordinary member can',
    members: [{}, { weight: 0 }, { backup: true }],
    health: { 0: DOWN, 1: UP, 2: UP },
    expected: '0 CheckFailed, 0 ZeroWeight, 10 BackupInUse',
  },
  {
    name: 'does not use a backup that failed',
    members: [{}, { backup: true }],
    health: { 0: DOWN, 1: DOWN },
    expected: '0 CheckFailed, 0 CheckFailed',
  },
  {
    name: 'uses all in panic, in full',
    members: [{}, {}, {}, {}],
    pool: { panicPercent: 50, onFailure: 'remove' },
    health: { 0: UP, 1: DOWN, 2: DOWN },
    expected: '10 InService, 10 PanicAllUsed, 10 PanicAllUsed, 10 PanicAllUsed',
  },
  {
    name: 'is not in panic at the limit',
    members: [{}, {}],
    pool: { panicPercent: 50 },
    health: { 0: UP, 1: DOWN },
    expected: '10 InService, 0 CheckFailed',
  },
  {
    name: 'panics about ordinary members that operators left in',
    members: [{ state: 'down' }, { state: 'drain' }, {}],
    pool: { panicPercent: 50 },
    health: { 2: UP },
    expected: '- AdminDown, 0 AdminDrain, 10 InService',
  },
  {
    name: 'prefers a backup to panic',
    members: [{}, { backup: true }],
    pool: { panicPercent: 90 },
    health: { 0: DOWN, 1: UP },
    expected: '0 CheckFailed, 10 BackupInUse',
  },
  {
    // Found by a property: an operator's word on the backup hid that it is in use.
    name: 'prefers a backup that an operator keeps in to panic',
    members: [{}, { backup: true, state: 'up' }],
    pool: { panicPercent: 90 },
    health: { 0: DOWN },
    expected: '0 CheckFailed, 10 AdminUp',
  },
  {
    name: 'gives up the members for the sorry server when quorum is lost',
    members: [{}, {}],
    pool: { quorum: { weight: 20, hysteresis: 0 }, sorry: { address: '10.0.0.99', port: 80 } },
    health: { 0: UP, 1: DOWN },
    expected: '0 QuorumLost, 0 CheckFailed',
  },
  {
    name: 'lets the rest serve on without a sorry server',
    members: [{}, {}],
    pool: { quorum: { weight: 20, hysteresis: 0 } },
    health: { 0: UP, 1: DOWN },
    expected: '10 InService, 0 CheckFailed',
  },
  {
    name: 'does not count slow start against the quorum',
    members: [{}],
    pool: { quorum: { weight: 10, hysteresis: 0 }, sorry: { address: '10.0.0.99', port: 80 } },
    health: { 0: { ramp: 0.1 } },
    held: true,
    expected: '1 SlowStart',
  },
];

for (const { name, expected, ...given } of CASES)
  test(`judgePool() ${name}`, () => {
    assert.equal(judge(given), expected);
  });

test('holdsQuorum() loses below weight - hysteresis and gains at weight + hysteresis', () => {
  const pool = buildPool('web', [], { quorum: { weight: 20, hysteresis: 5 } });

  const answers = [14, 15, 20, 24, 25].map((live) =>
    [undefined, true, false].map((held) => (holdsQuorum(pool, live, held) ? 'y' : 'n')).join(''),
  );

  assert.deepEqual(answers, ['nnn', 'nyn', 'yyn', 'yyn', 'yyy']);
});

test('holdsQuorum() never keeps a quorum of nobody, unless none is asked for', () => {
  assert.equal(holdsQuorum(buildPool('web', [], { quorum: { weight: 5, hysteresis: 9 } }), 0, true), false);
  assert.equal(holdsQuorum(buildPool('web', [], { quorum: { weight: 0, hysteresis: 0 } }), 0, true), true);
});

test('holdsQuorum() confirms its own answer, whatever it started from', () => {
  for (const weight of [0, 1, 20])
    for (const hysteresis of [0, 5, 30])
      for (let live = 0; live <= 60; live++)
        for (const held of [undefined, true, false]) {
          const pool = buildPool('web', [], { quorum: { weight, hysteresis } });
          const answer = holdsQuorum(pool, live, held);
          assert.equal(holdsQuorum(pool, live, answer), answer, `${weight} ${hysteresis} ${live} ${held}`);
        }
});

test('judgePool() judges a pool of both families over each as well: quorum, backup, panic and sorry are its own', () => {
  const members = [
    buildMember('10.0.0.1', { weight: 10 }),
    buildMember('10.0.0.2', { weight: 10, backup: true }),
    buildMember('2001:db8::1', { weight: 10 }),
    buildMember('2001:db8::2', { weight: 10, backup: true }),
  ];
  const pool = buildPool('web', members, {
    quorum: { weight: 10, hysteresis: 0 },
    sorry: { address: '10.0.0.99', port: 80 },
    checks: [TCP_CHECK],
  });
  const keys = memberKeysOf(pool);
  const state = (i: number) => (i === 2 || i === 3 ? ('up' as const) : ('down' as const));
  const facts: Facts = {
    nowMs: NOW,
    engines: ALL_ENGINES,
    roles: new Map(),
    health: new Map(keys.map((key, i) => [key, { state: state(i), factor: 1, ramp: 1, sinceMs: 0 }])),
    overrides: new Map(),
    quorum: new Map([['web ipv6', true]]),
  };

  const verdict = judgePool(pool, poolFacts(pool, keys, facts));

  const told = (family?: 4 | 6) => {
    const one = family === undefined ? verdict : verdict.byFamily![family];
    const reasons = one.members.map(({ reason }) => reason).join(' ');
    return `${one.liveWeight} ${one.quorum ? 'quorum' : 'lost'}${one.sorry ? ' sorry' : ''}: ${reasons}`;
  };
  assert.equal(told(), '10 quorum: CheckFailed CheckFailed InService BackupIdle');
  assert.equal(told(4), '0 lost sorry: CheckFailed CheckFailed');
  assert.equal(told(6), '10 quorum: InService BackupIdle');
  const current = poolFacts(pool, keys, facts);
  assert.ok(isCurrent(current, verdict, keys, facts));
  assert.ok(!isCurrent(current, verdict, keys, { ...facts, quorum: new Map([['web ipv6', false]]) }));
});

test('judgePool() of one family has nothing to part', () => {
  const pool = buildPool('web', [buildMember('10.0.0.1'), buildMember('10.0.0.2')]);
  const facts = {
    health: [undefined, undefined],
    admin: ['enabled', 'enabled'],
    heldQuorum: undefined,
  } as const;

  assert.equal(judgePool(pool, facts).byFamily, undefined);
});

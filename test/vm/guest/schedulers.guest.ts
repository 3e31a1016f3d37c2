// Every scheduler spreads connections the way its name says: one service each, three members of weights 1, 2 and 3.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Scheduler, SchedulerFlag } from '../../../src/model/protocol.ts';
import { buildMember } from '../../fixtures/build-intent.ts';
import { Balancer, type Service } from './balancer.ts';
import { Topology, VIP4 } from './topology.ts';

type Answers = Readonly<Record<string, number>>;

interface Case {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly flags?: readonly SchedulerFlag[];
  readonly weights?: readonly [number, number, number];
  /** Connections stay open, so that schedulers that count them see them. */
  readonly hold?: boolean;
  readonly count?: number;
  check(answers: Answers): void;
}

const EVEN = { m1: 4, m2: 4, m3: 4 };
const BY_WEIGHT = { m1: 2, m2: 4, m3: 6 };
const is = (wanted: Answers) => (answers: Answers) => assert.deepEqual(answers, wanted);

function isOneMember(answers: Answers): void {
  assert.deepEqual(Object.values(answers), [12]);
}

/** Hashed over source ports: not exact, but never all on one. */
function isSpread(answers: Answers): void {
  assert.ok(Object.keys(answers).length >= 2, JSON.stringify(answers));
}

const CASES: readonly Case[] = [
  { name: 'rr one after the other, whatever the weight', scheduler: 'rr', check: is(EVEN) },
  { name: 'wrr by weight', scheduler: 'wrr', check: is(BY_WEIGHT) },
  { name: 'lc to who has the fewest', scheduler: 'lc', hold: true, check: is(EVEN) },
  { name: 'wlc to who has the fewest for its weight', scheduler: 'wlc', hold: true, check: is(BY_WEIGHT) },
  { name: 'sed to who would be done first', scheduler: 'sed', hold: true, check: is(BY_WEIGHT) },
  {
    name: 'nq to the idle first, then as sed',
    scheduler: 'nq',
    hold: true,
    count: 3,
    check: is({ m1: 1, m2: 1, m3: 1 }),
  },
  { name: 'fo all to the heaviest', scheduler: 'fo', check: is({ m3: 12 }) },
  {
    // The kernel takes a member for full when it has more connections than weight.
    name: 'ovf to the heaviest until it is full, then the next',
    scheduler: 'ovf',
    weights: [2, 3, 7],
    hold: true,
    count: 15,
    check: is({ m1: 3, m2: 4, m3: 8 }),
  },
  { name: 'sh one client to one member', scheduler: 'sh', check: isOneMember },
  {
    name: 'sh with port the connections of one client to several',
    scheduler: 'sh',
    flags: ['port'],
    count: 60,
    check: isSpread,
  },
  { name: 'mh one client to one member', scheduler: 'mh', check: isOneMember },
  {
    name: 'mh with port the connections of one client to several',
    scheduler: 'mh',
    flags: ['port'],
    count: 60,
    check: isSpread,
  },
  { name: 'dh one destination to one member', scheduler: 'dh', check: isOneMember },
  {
    name: 'lblc one destination to one member while it is not overloaded',
    scheduler: 'lblc',
    check: isOneMember,
  },
  {
    name: 'lblcr one destination to one member while it is not overloaded',
    scheduler: 'lblcr',
    check: isOneMember,
  },
];

let net: Topology;
let balancer: Balancer;

before(async () => {
  net = await Topology.create('sched');
  net.answerThrough('balancer');
  net.lab.root.address('lb0', `${VIP4}/32`);
  balancer = new Balancer();
  await balancer.apply(...CASES.map(serviceOf));
});
after(async () => {
  await balancer.close();
  await net.close();
});

function serviceOf(one: Case, index: number): Service {
  const weights = one.weights ?? [1, 2, 3];
  return {
    port: 7000 + index,
    family: 4,
    members: net.members.map(({ address4 }, i) => buildMember(address4, { port: 80, weight: weights[i]! })),
    listener: { scheduler: one.scheduler, schedulerFlags: one.flags ?? [] },
  };
}

for (const [index, one] of CASES.entries())
  test(`spreads ${one.name}`, async () => {
    const { answers, failures } = await net.ask({
      address: VIP4,
      port: 7000 + index,
      count: one.count ?? 12,
      hold: one.hold ?? false,
    });

    assert.deepEqual(failures, []);
    one.check(answers);
  });

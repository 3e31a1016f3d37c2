import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, item, itemMap } from '../model/item.ts';
import type { Plan } from '../model/plan.ts';
import { diffItems } from './diff.ts';
import { guard } from './guard.ts';
import { makePlan } from './make-plan.ts';
import { planToJson } from './plan-json.ts';
import { renderItems } from './render-items.ts';
import { renderPlan } from './render-plan.ts';

const WEB = 'tcp/192.0.2.10:80';

function member(address: string, weight: number, parent = WEB): Item {
  return item('member', `${parent} > ${address}`, { weight, maxConnections: 0 }, parent);
}

function planFrom(before: readonly Item[], after: readonly Item[], foreign: readonly Item[] = []): Plan {
  const desired = itemMap(after);
  const observed = { items: itemMap(before), foreign: itemMap(foreign) };
  return makePlan([{ desired, observed, plan: diffItems('ipvs', desired, observed) }]);
}

const BEFORE = [
  item('listener', WEB, { scheduler: 'wrr', persistence: 'source 300000 ms' }),
  member('10.0.0.1:80', 1),
  member('10.0.0.2:80', 5),
  member('10.0.0.3:80', 0),
  member('10.0.0.4:80', 1),
  item('address', '192.0.2.9/32 dev eth0', { prefix: 32 }),
];
const AFTER = [
  item('listener', WEB, { scheduler: 'wlc' }),
  member('10.0.0.1:80', 1),
  member('10.0.0.2:80', 0),
  member('10.0.0.3:80', 7),
  member('10.0.0.5:80', 2),
  item('listener', 'udp/192.0.2.10:53', { scheduler: 'sh', flags: '', mode: 'dr' }),
  item('address', '192.0.2.10/32 dev eth0', { prefix: 32 }),
];

const PLAIN = `tcp/192.0.2.10:80  (ipvs)
  ~ listener  scheduler wrr -> wlc, persistence "source 300000 ms" -> none
  ~ member 10.0.0.2:80  weight 5 -> 0 (no new flows)
  ~ member 10.0.0.3:80  weight 0 -> 7 (back in service)
  - member 10.0.0.4:80
  + member 10.0.0.5:80  weight 2

udp/192.0.2.10:53  (ipvs)
  + listener  scheduler sh, mode dr

addresses  (ipvs)
  + address 192.0.2.10/32 dev eth0
  - address 192.0.2.9/32 dev eth0

Plan: 3 to add, 3 to change, 2 to remove
`;

test('renderPlan() groups by listener and tells old and new', () => {
  assert.equal(renderPlan(planFrom(BEFORE, AFTER), { colour: false }), PLAIN);
});

test('renderPlan() colours without changing a letter', () => {
  const coloured = renderPlan(planFrom(BEFORE, AFTER), { colour: true });

  assert.match(coloured, /\x1b\[32m\+/);
  assert.match(coloured, /\x1b\[31m-/);
  assert.equal(coloured.replace(/\x1b\[\d+m/g, ''), PLAIN);
});

test('renderPlan() says when nothing is to do', () => {
  assert.equal(
    renderPlan(planFrom(BEFORE, BEFORE), { colour: false }),
    'No changes: 6 objects are as wanted\n',
  );
});

test('renderPlan() wraps long lists of fields between fields', () => {
  const wide = item(
    'listener',
    WEB,
    Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`field${i}`, 'value'])),
  );

  const lines = renderPlan(planFrom([], [wide]), { colour: false, width: 60 }).split('\n');

  assert.ok(lines.every((line) => line.length <= 60));
  assert.equal(lines[1], '  + listener  field0 value, field1 value, field2 value,');
  assert.match(lines[2]!, /^ {6} ?field3 value,/);
});

test('renderPlan() sets what lives deeper further in, and cuts very long values', () => {
  const pool = item('pool', `${WEB} pool api`, { rule: 'x'.repeat(500) }, WEB);
  const after = [item('listener', WEB, { scheduler: 'rr' }), pool, member('10.0.2.1:80', 1, pool.key)];

  const lines = renderPlan(planFrom([], after), { colour: false, width: 200 }).split('\n');

  assert.match(lines[2]!, /^ {2}\+ pool api {2}rule x{69}\.\.\.$/);
  assert.equal(lines[3], '    + member 10.0.2.1:80  weight 1');
});

test('renderPlan() ends with conflicts and with what guards hold', () => {
  const plan = planFrom(
    BEFORE,
    ['tcp/192.0.2.10:81', 'tcp/192.0.2.10:82'].map((key) => item('listener', key, { scheduler: 'rr' })),
    [
      item('listener', 'tcp/192.0.2.10:81', { scheduler: 'sh' }),
      item('listener', 'tcp/192.0.2.10:82', { program: 'nginx (pid 17)' }),
    ],
  );
  const settings = { maxDeletePercent: 30, freeDeletions: 0, maxAddListeners: 0, maxMembersPerListener: 0 };

  const text = renderPlan(guard(plan, settings, { confirmed: false, loaded: true }), { colour: false });

  assert.match(text, /- member 10\.0\.0\.1:80 {2}held\n/);
  assert.ok(
    text.endsWith(`Plan: 0 to add, 0 to change, 6 to remove, 6 of them held

Conflicts:
  ! listener tcp/192.0.2.10:81 (ipvs): made by somebody else; set "adopt: true" on the listener to take it over
  ! listener tcp/192.0.2.10:82 (ipvs): nginx (pid 17) listens there; stop it, or choose another address or port

Held back:
  ! Cannot remove 6 of 6 objects (100 %) unconfirmed as "guard.max_delete_percent" allows 30 %
      ipvs remove-address 192.0.2.9/32 dev eth0
      ipvs remove-member tcp/192.0.2.10:80 > 10.0.0.1:80
      ipvs remove-member tcp/192.0.2.10:80 > 10.0.0.2:80
      ipvs remove-member tcp/192.0.2.10:80 > 10.0.0.3:80
      ipvs remove-member tcp/192.0.2.10:80 > 10.0.0.4:80
      1 more
`),
    text,
  );
});

test('planToJson() tells the same as data', () => {
  const json = planToJson(planFrom(BEFORE, AFTER));

  assert.deepEqual(json.summary, {
    add: 3,
    change: 3,
    remove: 2,
    adopt: 0,
    held: 0,
    conflicts: 0,
    unchanged: 1,
  });
  assert.deepEqual(json.steps[1], {
    id: 'ipvs add-listener udp/192.0.2.10:53',
    driver: 'ipvs',
    phase: 'add-listener',
    verb: 'add',
    kind: 'listener',
    key: 'udp/192.0.2.10:53',
    after: { scheduler: 'sh', flags: '', mode: 'dr' },
    changes: [],
    held: false,
  });
  assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
});

test('renderItems() is stable, nested and loses nothing', () => {
  const shuffled = itemMap([...BEFORE].reverse());

  assert.equal(renderItems(shuffled), renderItems(itemMap(BEFORE)));
  assert.equal(
    renderItems(itemMap([...BEFORE.slice(0, 2), item('member', 'orphan', { note: '' }, 'gone')])),
    `member orphan  note=""
listener tcp/192.0.2.10:80  persistence="source 300000 ms"  scheduler=wrr
  member tcp/192.0.2.10:80 > 10.0.0.1:80  maxConnections=0  weight=1
`,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemMap } from '../../model/item.ts';
import { addressItem, fileItem, moduleItem, sysctlItem } from './host-items.ts';
import { itemsToObserve, planHost } from './host-plan.ts';
import { EMPTY_STATE, forgetRestored, formatState, parseState, rememberOriginals } from './host-state.ts';
import { lineDiff } from './line-diff.ts';
import { renderHostPlan } from './render-host-plan.ts';

const wanted = itemMap([
  addressItem('192.0.2.10', 'lo'),
  sysctlItem('net.ipv4.conf.all.arp_ignore', '1'),
  fileItem('/etc/sysctl.d/x.conf', 'a = 1\n'),
  moduleItem('ip_vs'),
]);
const before = itemMap([sysctlItem('net.ipv4.conf.all.arp_ignore', '0')]);

function ids(steps: readonly { verb: string; item: { key: string } }[]): readonly string[] {
  return steps.map((step) => `${step.verb} ${step.item.key}`);
}

test('planHost() suppresses ARP before the address is set', () => {
  const plan = planHost('realserver', wanted, before, EMPTY_STATE);

  assert.deepEqual(ids(plan.steps), [
    'add ip_vs',
    'add /etc/sysctl.d/x.conf',
    'change net.ipv4.conf.all.arp_ignore',
    'add 192.0.2.10/32 dev lo',
  ]);
});

test('planHost() of nothing wanted restores what was there, the address first, and leaves modules', () => {
  const state = rememberOriginals(EMPTY_STATE, planHost('realserver', wanted, before, EMPTY_STATE).steps);

  const plan = planHost('realserver', new Map(), wanted, state);

  assert.deepEqual(ids(plan.steps), [
    'remove 192.0.2.10/32 dev lo',
    'remove /etc/sysctl.d/x.conf',
    'change net.ipv4.conf.all.arp_ignore',
  ]);
  assert.equal(plan.steps.at(-1)!.item.fields.value, '0');
});

test('planHost() leaves alone what was there before and wanted no more', () => {
  const found = itemMap([addressItem('192.0.2.10', 'lo')]);

  const plan = planHost('realserver', itemMap([addressItem('192.0.2.10', 'lo')]), found, EMPTY_STATE);
  const state = rememberOriginals(EMPTY_STATE, plan.steps);

  assert.deepEqual(plan.steps, []);
  assert.deepEqual(planHost('realserver', new Map(), found, state).steps, []);
});

test('rememberOriginals() keeps the first original over many changes', () => {
  const first = planHost(
    'system',
    itemMap([sysctlItem('a.b', '2')]),
    itemMap([sysctlItem('a.b', '1')]),
    EMPTY_STATE,
  );
  const state = rememberOriginals(EMPTY_STATE, first.steps);
  const second = planHost(
    'system',
    itemMap([sysctlItem('a.b', '3')]),
    itemMap([sysctlItem('a.b', '2')]),
    state,
  );

  const after = parseState(formatState(rememberOriginals(state, second.steps)));

  assert.deepEqual(after.originals, [{ kind: 'sysctl', key: 'a.b', fields: { value: '1' } }]);
});

test('forgetRestored() keeps what is still wanted and what failed to be restored', () => {
  const state = {
    version: 1 as const,
    originals: ['a', 'b', 'c'].map((key) => ({ kind: 'sysctl', key, fields: { value: '0' } })),
  };

  const after = forgetRestored(state, itemMap([sysctlItem('a', '1')]), new Set(['b']));

  assert.deepEqual(
    after.originals.map((one) => one.key),
    ['a', 'b'],
  );
});

test('itemsToObserve() asks for what is wanted and what was changed', () => {
  const state = { version: 1 as const, originals: [{ kind: 'file', key: '/old', fields: null }] };

  assert.deepEqual(itemsToObserve(itemMap([moduleItem('ip_vs')]), state), [
    { kind: 'module', key: 'ip_vs' },
    { kind: 'file', key: '/old' },
  ]);
});

test('parseState() refuses what it did not write', () => {
  assert.throws(() => parseState('{"version":2}'), /version must be 1: current value is 2/);
});

test('renderHostPlan() shows values before and after and the lines of files', () => {
  const text = renderHostPlan(planHost('realserver', wanted, before, EMPTY_STATE, ['read me']), false);

  assert.equal(
    text,
    `+ module ip_vs
+ file /etc/sysctl.d/x.conf
    +a = 1
~ sysctl net.ipv4.conf.all.arp_ignore  0 -> 1
+ address 192.0.2.10/32 dev lo

Note: read me

Plan: 3 to add, 1 to change, 0 to remove
`,
  );
});

test('lineDiff() shows what changes and little around it', () => {
  const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

  assert.deepEqual(lineDiff(text(['a', 'b', 'c', 'd', 'e', 'f']), text(['a', 'b', 'c', 'x', 'e', 'f']), 1), [
    ' c',
    '-d',
    '+x',
    ' e',
  ]);
  assert.deepEqual(lineDiff('', 'a\n'), ['+a']);
  assert.deepEqual(lineDiff('a\n', 'a\n'), []);
});

// Whether a peer that says it hears nothing is believed at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import { BEYOND_DOUBT, Doubts } from './doubts.ts';

const PEER = '192.0.2.2';

function scene() {
  const route = new FakeRoute();
  const link = route.addLink('eth0');
  const row = {
    address: '192.0.2.1',
    prefixLength: 24,
    linkIndex: link.index,
    flags: 0,
    protocol: 0,
    label: '',
  };
  route.addAddress(row, 'create');
  const silent: string[] = [];
  const doubts = new Doubts({ route, neighbours: route, onSilent: (peer) => silent.push(peer) });
  const asked = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { route, doubts, silent, asked };
}

test('Doubts: a peer that does not answer is believed beyond doubt, and asked once for one complaint', async () => {
  const { route, doubts, silent, asked } = scene();
  assert.equal(doubts.since(PEER, 700), 700);
  await asked();

  assert.deepEqual(silent, [PEER]);
  assert.equal(doubts.since(PEER, 700), BEYOND_DOUBT);
  assert.deepEqual(route.probed, [`${PEER} on eth0`]);

  assert.equal(doubts.since(PEER, undefined), undefined);
  assert.equal(doubts.since(PEER, 900), 900);
});

test('Doubts: one that answers hears us again: its session is waited for', async () => {
  const { route, doubts, silent, asked } = scene();
  route.owners.set(PEER, '02:00:00:00:00:02');
  doubts.since(PEER, 700);
  await asked();

  assert.equal(doubts.since(PEER, 700), 700);
  assert.deepEqual(silent, []);
});

test('Doubts: one behind a router cannot be asked', async () => {
  const { route, doubts, silent, asked } = scene();
  doubts.since('198.51.100.2', 700);
  await asked();

  assert.equal(doubts.since('198.51.100.2', 700), 700);
  assert.deepEqual([silent, route.probed], [[], []]);
});

test('Doubts: an answer that comes when its complaint is over says nothing', async () => {
  const { doubts, silent, asked } = scene();
  doubts.since(PEER, 700);
  doubts.since(PEER, undefined);
  await asked();

  assert.deepEqual(silent, []);
});

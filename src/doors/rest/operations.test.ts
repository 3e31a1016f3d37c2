// Operations over time: what waits past its deadline is called off, what has begun is only given up waiting for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Operations } from './operations.ts';

const START = { action: 'reload', author: 'test', url: '/v1/reload', requestId: 'a' };

test('an operation past its deadline fails, and acts no more where it had not begun', async () => {
  const operations = new Operations(() => 5000, 20);
  let acted = 0;
  const waits = operations.begin(START, async (begin) => {
    await sleep(60);
    begin();
    acted++;
  });
  const acts = operations.begin(START, async (begin) => {
    begin();
    await sleep(60);
    acted++;
  });
  await sleep(1);
  assert.throws(() => operations.cancel(acts), /"reload" has begun/);
  await sleep(120);

  const [first, second] = [waits, acts].map(({ number }) => operations.get(number));
  assert.deepEqual([first?.state, first?.problem?.code], ['failed', 'TIMEOUT']);
  assert.match(first?.problem?.hint ?? '', /^Nothing of it was done/);
  assert.deepEqual([second?.state, second?.problem?.code], ['failed', 'TIMEOUT']);
  assert.match(second?.problem?.hint ?? '', /may still take effect/);
  assert.equal(acted, 1);
});

test('operations of two runs of the daemon have other numbers', () => {
  const before = new Operations(() => 1_795_000_000_000).begin(START, () => undefined);
  const after = new Operations(() => 1_795_000_005_000).begin(START, () => undefined);
  assert.ok(after.number > before.number);
});

// What an alert says, for people and for machines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAlert } from './alert.ts';

test('toAlert() tells how long a role lasted as people say it', () => {
  const text = (lastedMs: number): string | undefined =>
    toAlert({
      kind: 'role-changed',
      atMs: 1,
      group: 'pair',
      from: 'active',
      to: 'standby',
      epoch: 5,
      reason: 'Standby',
      detail: 'another node is master',
      lastedMs,
    })?.text;

  assert.equal(text(83_367), 'Standby: another node is master. Epoch 5; it was active for 1m23s.');
  assert.match(text(453)!, /for 453ms\.$/);
});

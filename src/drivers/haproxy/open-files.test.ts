import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsAllowed } from './open-files.ts';

const LIMITS =
  'Limit  Soft  Hard  Units\nMax open files            1024                 20000                files\n';

test('connectionsAllowed() stays under the hard limit, unless the process may raise it', () => {
  assert.equal(connectionsAllowed(LIMITS, 'CapEff:\t000001fffeffffff\n', '1048576\n'), 9000);
  assert.equal(connectionsAllowed(LIMITS, 'CapEff:\t000001ffffffffff\n', '1048576\n'), 471_859);
});

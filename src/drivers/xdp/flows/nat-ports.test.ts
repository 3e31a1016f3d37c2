import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from './nat-ports.ts';

const RANGES = { from: 1000, span: 10, ranges: 2 };

test('freePorts() puts each cursor before the longest free run, also around the end', () => {
  // Range 0 has 1003..1006 taken: free from 1007 around to 1002. Range 1 has 1010..1014 taken.
  const used = [1003, 1004, 1005, 1006, 1010, 1011, 1012, 1013, 1014];

  assert.deepEqual(freePorts(used, RANGES), [6, 4]);
});

test('freePorts() of nothing taken begins with the first port, and ports of no range do not matter', () => {
  assert.deepEqual(freePorts([0, 1, 40_000], RANGES), [9, 9]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BugError, OpError, WaitingError } from '../model/errors.ts';
import { item } from '../model/item.ts';
import { Retries } from './retries.ts';

const OPTIONS = { firstMs: 100, maxMs: 400, factor: 2, jitter: 0.5 };
const STEP = { id: 'd add-member k', key: 'k', item: item('member', 'k', { weight: 1 }) };
const REFUSED = new OpError('DRIVER_FAILED', 'refused', { op: 'add' });
const WORLD = {};

test('Retries doubles the pause up to its limit, and jitters it', () => {
  const retries = new Retries(OPTIONS);
  const pauses: number[] = [];

  for (const random of [0.5, 0.5, 0.5, 0.5, 0, 1]) {
    retries.failed(STEP, REFUSED, WORLD, 1000, random);
    pauses.push(retries.nextDueMs()! - 1000);
  }

  assert.deepEqual(pauses, [100, 200, 400, 400, 200, 600]);
  assert.equal(retries.errors()[0]!.attempts, 6);
});

test('Retries lets a step go when it is due, not before', () => {
  const retries = new Retries(OPTIONS);
  retries.failed(STEP, REFUSED, WORLD, 0, 0.5);

  assert.equal(retries.verdict(STEP, WORLD, 99), 'backoff');
  assert.equal(retries.verdict(STEP, WORLD, 100), 'go');
});

test('Retries asks for no wake for what was due in the last round and could not be tried there', () => {
  const retries = new Retries(OPTIONS);
  retries.failed(STEP, REFUSED, WORLD, 0, 0.5);

  assert.equal(retries.nextDueMs(99), 100);
  assert.equal(retries.nextDueMs(100), undefined);
  assert.equal(retries.verdict(STEP, WORLD, 5000), 'go');
});

test('Retries makes what cannot succeed wait for another World', () => {
  const retries = new Retries(OPTIONS);
  retries.failed(STEP, new BugError('broken'), WORLD, 0, 0.5);

  assert.equal(retries.verdict(STEP, WORLD, 1e9), 'waiting');
  assert.equal(retries.nextDueMs(), undefined);
  assert.equal(retries.verdict(STEP, {}, 1), 'go');
});

test('Retries tries what waits at once in another World, and else as seldom as it ever does', () => {
  const retries = new Retries(OPTIONS);
  retries.failed(STEP, new WaitingError('NOT_FOUND', 'not here'), WORLD, 0, 0.5);

  assert.equal(retries.verdict(STEP, {}, 1), 'go');
  assert.equal(retries.verdict(STEP, WORLD, 399), 'waiting');
  assert.equal(retries.nextDueMs(), 400);
  assert.equal(retries.verdict(STEP, WORLD, 400), 'go');
});

test('Retries releases all that failed with one code, and nothing else', () => {
  const retries = new Retries(OPTIONS);
  const other = { id: 'd add-member l', key: 'l' };
  retries.failed(STEP, new WaitingError('INTERFACE_MISSING', 'not here'), WORLD, 0, 0.5);
  retries.failed(other, REFUSED, WORLD, 0, 0.5);

  retries.release('INTERFACE_MISSING');

  assert.equal(retries.verdict(STEP, WORLD, 0), 'go');
  assert.equal(retries.verdict(other, WORLD, 0), 'backoff');
});

test('Retries forgets the past of an object that is wanted otherwise now', () => {
  const retries = new Retries(OPTIONS);
  const other = { ...STEP, item: item('member', 'k', { weight: 2 }) };
  const same = { ...STEP, item: item('member', 'k', { weight: 1 }) };
  retries.failed(STEP, REFUSED, WORLD, 0, 0.5);
  retries.failed(STEP, REFUSED, WORLD, 0, 0.5);

  assert.equal(retries.verdict(same, WORLD, 1), 'backoff', 'equal values are the same wish');
  assert.equal(retries.verdict(other, WORLD, 1), 'go');
  retries.failed(other, REFUSED, WORLD, 0, 0.5);

  assert.equal(retries.errors()[0]!.attempts, 1);
});

test('Retries keeps only what is still planned, and drops what succeeded', () => {
  const retries = new Retries(OPTIONS);
  for (const id of ['a', 'b', 'c']) retries.failed({ id, key: id }, REFUSED, WORLD, 0, 0.5);

  retries.succeeded('a');
  retries.retain(new Set(['b']));

  assert.deepEqual(
    retries.errors().map((error) => error.step),
    ['b'],
  );
});

test('Retries releases everything when a person asks, and still counts', () => {
  const retries = new Retries(OPTIONS);
  retries.failed(STEP, new WaitingError('NOT_FOUND', 'not here'), WORLD, 0, 0.5);

  retries.release();

  assert.equal(retries.verdict(STEP, WORLD, 0), 'go');
  retries.failed(STEP, REFUSED, WORLD, 0, 0.5);
  assert.equal(retries.errors()[0]!.attempts, 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingNotes } from './certificate-ends.ts';

const DAY = 86_400_000;

function notesAt(day: number, lifeDays: number): string {
  return endingNotes([{ name: 'shop', fromMs: 0, untilMs: lifeDays * DAY }], day * DAY).join();
}

test('endingNotes() tells of a certificate in its last two weeks, and in the last quarter of a short life', () => {
  assert.equal(notesAt(75, 90), '');
  assert.match(notesAt(77, 90), /^certificate "shop" ends at 1970-04-01T00:00:00.000Z: renew its file/);
  assert.equal(notesAt(2, 4), '');
  assert.match(notesAt(3.5, 4), /ends at/);
});

test('endingNotes() tells of one that expired while it is loaded', () => {
  assert.match(notesAt(91, 90), /^certificate "shop" expired at .*, and clients refuse it/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlaces, openFilesLimit, placesNote } from './check-places.ts';

test('checkPlaces() leaves descriptors to the rest of the process', () => {
  const places = [1_048_576, Number.POSITIVE_INFINITY, 4256, 1024, 512, 100, 4].map(checkPlaces);

  assert.deepEqual(places, [4000, 4000, 4000, 768, 256, 50, 8]);
});

test('openFilesLimit() is the soft limit of this process', () => {
  assert.equal(openFilesLimit('Limit   Soft  Hard  Units\nMax open files   1024   4096   files\n'), 1024);
  assert.equal(openFilesLimit('Max open files   unlimited   unlimited   files\n'), Number.POSITIVE_INFINITY);
  assert.ok(openFilesLimit() > 0);
});

test('placesNote() speaks only where the limit of open files can make checks wait', () => {
  assert.equal(placesNote(10_000, 1_048_576), undefined);
  assert.equal(placesNote(50, 100), undefined);
  assert.match(
    placesNote(300, 100)!,
    /^Checks of 300 targets share 50 descriptors, as the limit of open files is 100/,
  );
});

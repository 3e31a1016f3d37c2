// Sources of certificates and files, looked at each round.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceWatch } from './certificates.ts';
import { digest } from './names.ts';

test('SourceWatch reads again what could not be used, though its file is the same: it may only have been too early', () => {
  const watch = new SourceWatch();
  const tooEarly = () => {
    throw new Error('it is not valid before tomorrow');
  };

  assert.equal(watch.digestOf('certificate a', [import.meta.filename], tooEarly), undefined);
  assert.equal(
    watch.digestOf('certificate a', [import.meta.filename], () => 'the same'),
    digest('the same'),
  );
});

// Which versions of keepalived will do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tooOld } from './keepalived-version.ts';

const said = (version: string): string =>
  `Keepalived v${version} (01/16,2022)\n\nCopyright(C) 2001-2022\nBuilt with kernel headers for Linux 6.1.4\n`;

for (const [version, isTooOld] of [
  ['1.3.5', true],
  ['1.4.5', true],
  ['2.0.18', true],
  ['2.0.19', false],
  ['2.0.20', false],
  ['2.2.7', false],
  ['10.0.0', false],
] as const)
  test(`tooOld() of ${version}`, () => {
    const expected = `keepalived ${version} is too old: 2.0.19 or newer is needed`;

    assert.equal(tooOld(said(version)), isTooOld ? expected : undefined);
  });

test('tooOld() leaves what says no version to the check of the configuration', () => {
  assert.equal(tooOld('a build of our own'), undefined);
});

// tar() as the system's own tar reads it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { tar } from './tar.ts';

test('tar() is read by tar, with names, times and contents', () => {
  const archive = tar(
    [
      { name: 'a/one.txt', content: 'hello\n' },
      { name: 'a/empty', content: '' },
      { name: 'b.bin', content: Buffer.alloc(512, 7) },
    ],
    1_700_000_000,
  );
  const list = execFileSync('tar', ['-tvf', '-', '--full-time', '--utc'], {
    input: archive,
    encoding: 'utf8',
  });
  assert.match(list, /^-rw------- 0\/0 +6 2023-11-14 22:13:20 a\/one\.txt$/m);
  assert.match(list, /a\/empty$/m);
  assert.equal(
    execFileSync('tar', ['-xOf', '-', 'a/one.txt'], { input: archive, encoding: 'utf8' }),
    'hello\n',
  );
  assert.equal(execFileSync('tar', ['-xOf', '-', 'b.bin'], { input: archive }).length, 512);
});

test('tar() takes no name that leads out or does not fit', () => {
  for (const name of ['/etc/passwd', '../x', 'a/../../b', 'x'.repeat(101)])
    assert.throws(() => tar([{ name, content: '' }], 0), RangeError);
});

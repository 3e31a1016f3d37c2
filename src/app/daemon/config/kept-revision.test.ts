import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateDirsIn } from './kept-revision.ts';

test('stateDirsIn() finds what a file that is no YAML says of its state_dir', () => {
  const table: [string, readonly string[]][] = [
    ['system:\n  state_dir: /srv/lb # here\n\t', ['/srv/lb']],
    ['system: { state_dir: /srv/lb, run_dir: /run/lb', ['/srv/lb']],
    [`system: {"state_dir": "/srv/a b"}`, ['/srv/a b']],
    ["  state_dir : '/srv/lb'", ['/srv/lb']],
    ['# state_dir: /old\nstate_dir: $' + '{STATE}/lb', ['/old', '$' + '{STATE}/lb']],
    ['state_dir:', []],
    ['', []],
  ];
  for (const [text, folders] of table) assert.deepEqual(stateDirsIn(text), folders);
});

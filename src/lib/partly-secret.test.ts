// shownPart(): which program, which options, which path; nothing of what is given to them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownPart } from './partly-secret.ts';

test('shownPart() hides what is given to a program, and keeps its name and those of its options', () => {
  const command = [
    '/opt/probe',
    '--password=hush',
    '-p',
    'hush',
    '--user',
    'hush',
    '-phush',
    '--',
    '-u=hush',
    8443,
  ];
  assert.deepEqual(shownPart('command', command), [
    '/opt/probe',
    '--password=[redacted]',
    '-p',
    '[redacted]',
    '--user',
    '[redacted]',
    '[redacted]',
    '[redacted]',
    '-u=[redacted]',
    '[redacted]',
  ]);
});

test('shownPart() keeps the first word of a command line, and a path up to its query', () => {
  for (const [key, value, shown] of [
    ['on_up', '/opt/up', '/opt/up'],
    ['on_up', '/opt/up --key hush', '/opt/up [redacted]'],
    ['onDown', '"/opt/my up" hush', '"/opt/my up" [redacted]'],
    ['onDown', '/opt/my\\ up "hush', '/opt/my\\ up [redacted]'],
    ['command', '/opt/probe hush', '/opt/probe [redacted]'],
    ['target', '/opt/probe hush', '/opt/probe [redacted]'],
    ['target', 'eth0', 'eth0'],
    ['path', '/healthz?key=hush', '/healthz?[redacted]'],
    ['path', '/healthz', '/healthz'],
    ['name', '/opt/probe hush?', '/opt/probe hush?'],
  ] as const)
    assert.equal(shownPart(key, value), shown);
});

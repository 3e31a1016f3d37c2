// Lines of keepalived's notify pipe, and what is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNotifyLine } from './notify-line.ts';

const CASES: readonly [line: string, expected: unknown][] = [
  ['INSTANCE "front" MASTER 150', { kind: 'instance', name: 'front', state: 'MASTER', priority: 150 }],
  ['GROUP "all" BACKUP 0', { kind: 'group', name: 'all', state: 'BACKUP', priority: 0 }],
  [
    'INSTANCE "a.b" MASTER_RX_LOWER_PRI 100\r',
    { kind: 'instance', name: 'a.b', state: 'MASTER_RX_LOWER_PRI', priority: 100 },
  ],
  ['INSTANCE "front" DREAMING 1', undefined],
  ['INSTANCE front MASTER 150', undefined],
  ['', undefined],
];

for (const [line, expected] of CASES)
  test(`readNotifyLine() reads ${JSON.stringify(line)}`, () => {
    assert.deepEqual(readNotifyLine(line), expected);
  });

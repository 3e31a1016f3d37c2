// hideContent(): what is hidden is not shown, but whether it is the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevisionContent } from '../../../engine/config-port.ts';
import { hideContent } from './hide-content.ts';

function revision(word: string): RevisionContent {
  return {
    info: { number: 1, atMs: 0, author: '', reason: '', hash: '', outcome: { state: 'applied' } },
    files: [
      { file: 'a.yaml', role: 'main', text: `command: [/opt/probe, --pw=${word}]` },
      { file: 'b.yaml', role: 'included', text: 'pools: []' },
    ],
    objects: [
      { kind: 'pool', name: 'web', spec: { quorum: { on_up: `/opt/up ${word}` } }, author: '', atMs: 0 },
    ],
  };
}

test('hideContent() marks what is hidden, the same for the same', () => {
  const [one, same, other] = ['hush', 'hush', 'HUSH'].map((word) => hideContent(revision(word)));
  assert.doesNotMatch(JSON.stringify([one, other]), /hush/i);
  assert.deepEqual(one, same);
  assert.equal(one!.files[1]!.hidden, undefined);
  for (const [a, b] of [
    [one!.files[0]!, other!.files[0]!],
    [one!.objects[0]!, other!.objects[0]!],
  ] as const) {
    assert.notEqual(a.hidden, b.hidden);
    assert.deepEqual({ ...a, hidden: '' }, { ...b, hidden: '' });
  }
});

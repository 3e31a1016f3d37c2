import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildIntent, buildMember, buildPool } from '../../../test/fixtures/build-intent.ts';
import type { EngineEvent } from '../../engine/events.ts';
import { QuorumScripts } from './quorum-scripts.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-quorum-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const script = join(folder, 'hook');
const out = join(folder, 'out');
writeFileSync(
  script,
  `#!/bin/sh\n[ "$1" = up ] && sleep 0.2\necho "$1|$2|$LBCTL_POOL $LBCTL_QUORUM $LBCTL_MEMBERS $LBCTL_NODE" >> ${out}\n[ "$1" != bad ]\n`,
);
chmodSync(script, 0o755);

function intentWith(onUp: string, onDown?: string) {
  const quorum = { weight: 1, hysteresis: 0, onUp, ...(onDown === undefined ? {} : { onDown }) };
  return buildIntent({ pools: [buildPool('web', [buildMember('10.0.0.1')], { quorum })] });
}

function changed(held: boolean, more: Partial<EngineEvent> = {}): EngineEvent {
  return { kind: 'quorum-changed', atMs: 0, pool: 'web', held, ...more } as EngineEvent;
}

test('QuorumScripts runs the program of a pool with its arguments, one after another in the order of events', async () => {
  const faults: string[] = [];
  const scripts = new QuorumScripts({ onFault: (_, message) => faults.push(message) });
  const intent = intentWith(`${script} up "the site"`, `${script} down`);
  scripts.setIntent(intentWith(script));
  scripts.setIntent({ ...intent, node: { ...intent.node, name: 'lb-z' } });

  scripts.emit(changed(true));
  scripts.emit(changed(false, { members: 'ipv4' }));
  scripts.emit(changed(false, { pool: 'other' }));
  await scripts.close();

  assert.deepEqual(readFileSync(out, 'utf8').split('\n'), [
    'up|the site|web up all lb-z',
    'down||web down ipv4 lb-z',
    '',
  ]);
  assert.deepEqual(faults, []);
});

test('QuorumScripts tells of a program that fails or is not there', async () => {
  const faults: string[] = [];
  const scripts = new QuorumScripts({
    onFault: (line, message) => faults.push(`${line}: ${message}`),
  });
  scripts.setIntent(intentWith(`${script} bad`, join(folder, 'missing')));

  scripts.emit(changed(true));
  scripts.emit(changed(false));
  await scripts.close();

  assert.match(faults[0]!, /hook: The quorum script ended with .*"code":1/);
  assert.match(faults[1]!, /missing: .*ENOENT/);
});

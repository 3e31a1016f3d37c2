import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildGroup, buildIntent } from '../../../test/fixtures/build-intent.ts';
import type { Lease } from '../../engine/control.ts';
import { LeaseFiles } from './lease-files.ts';

test('LeaseFiles takes each word of an elector once, by its age, and tells what it cannot take', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sy-lease-'));
  const path = join(folder, 'pair.json');
  const write = (text: string, ageSeconds = 0): void => {
    writeFileSync(`${path}.new`, text);
    const at = Date.now() / 1000 - ageSeconds;
    utimesSync(`${path}.new`, at, at);
    renameSync(`${path}.new`, path);
  };
  const leases: Lease[] = [];
  const troubles: string[] = [];
  const files = new LeaseFiles({
    onLease: (lease) => leases.push(lease),
    onTrouble: (what, detail) => troubles.push(`${what}: ${detail}`),
  });
  const until = async (holds: () => boolean): Promise<void> => {
    for (let i = 0; i < 100 && !holds(); i++) await sleep(50);
    assert.ok(holds());
  };
  try {
    write('{"role":"active","epoch":3,"lease":"10s"}', 4);
    const group = buildGroup('pair', [], { chooser: 'external', leaseFile: path });
    files.setIntent(buildIntent({ groups: [group, buildGroup('other', [], { leaseFile: path })] }));
    assert.deepEqual([leases[0]?.group, leases[0]?.role, leases[0]?.epoch], ['pair', 'active', 3]);
    assert.ok(leases[0]!.leaseMs > 5000 && leases[0]!.leaseMs <= 6000);

    write('active please');
    await until(() => troubles.length > 0);
    write('{"role":"standby","epoch":4,"lease":"1s"}');
    await until(() => leases.length > 1);
    await sleep(500);

    assert.deepEqual(
      leases.map(({ role, epoch }) => `${role} ${epoch}`),
      ['active 3', 'standby 4'],
    );
    assert.equal(troubles.length, 1);
    assert.match(
      troubles[0]!,
      /^lease of pair: .*pair\.json: Cannot read the lease as it is no JSON object\. Write /,
    );
  } finally {
    files.close();
    rmSync(folder, { recursive: true });
  }
});

// Our samples are real: keepalived itself reads each without a complaint about what stands in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { samples } from '../../../../test/fixtures/keepalived-samples.ts';

/** The guide shows its mail settings outside of global_defs, where keepalived knows none of them. */
const REFUSED: Readonly<Record<string, readonly number[]>> = {
  'guide-mail-outside': [33, 34, 35, 36, 37, 38, 39, 40],
  // Known to later releases, or to the manual alone.
  newer: [17, 20, 25],
};

const COMPLAINT =
  /Unknown keyword|Unexpected|[Mm]issing|[Ii]nvalid|not valid|cannot|Unknown interface|out of range/;

for (const sample of samples()) {
  test(`keepalived -t accepts ${sample.name}.conf`, () => {
    // A namespace of its own with the interfaces the samples name; it ends with the process.
    const script = 'ip link add eth0 type veth peer name eth1 && exec keepalived -t -i main -f "$0"';
    const ran = spawnSync('unshare', ['-n', 'sh', '-c', script, sample.path], {
      cwd: dirname(sample.path),
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.equal(ran.error, undefined);
    if (/^guide-(master|backup)$/.test(sample.name)) assert.equal(ran.status, 0, ran.stderr);
    const complaints = ran.stderr
      .split('\n')
      .filter((line) => COMPLAINT.test(line) && !line.includes('libkmod'));
    const lines = new Set(complaints.map((line) => Number(/Line (\d+)\)/.exec(line)?.[1] ?? 0)));
    assert.deepEqual(
      [...lines].sort((a, b) => a - b),
      REFUSED[sample.name] ?? [],
      complaints.join('\n'),
    );
  });
}

// The files that packages carry: the unit is sound and as closed as promised, the default configuration is valid.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { ROOT } from '../../tools/lib/finding.ts';

const UNIT = readFileSync(join(ROOT, 'packaging/files/lbctl.service'), 'utf8');

function analyze(unit: string, verb: readonly string[]): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'packaging-unit-'));
  try {
    const path = join(folder, 'lbctl.service');
    // Nothing is installed here: neither the command nor its pages.
    writeFileSync(path, unit.replaceAll('/usr/bin/lbctl', '/bin/true').replace(/^Documentation=.*\n/m, ''));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...verb, path], { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('lbctl.service has no word that systemd does not know', () => {
  const { status, output } = analyze(UNIT, ['verify', '--man=no']);
  assert.equal(status, 0, output);
  assert.equal(output.trim(), '');
});

test('lbctl.service is closed to an exposure of 3.2 or less', () => {
  const { status, output } = analyze(UNIT, ['security', '--offline=true', '--threshold=32']);
  assert.equal(status, 0, output);
});

test('the threshold would tell an open unit', () => {
  const open = UNIT.replace(/^CapabilityBoundingSet=.*\n/m, '');
  assert.notEqual(analyze(open, ['security', '--offline=true', '--threshold=32']).status, 0);
});

test('the default configuration is valid, and says only that it has no listener yet', () => {
  const config = join(ROOT, 'packaging/files/config.yaml');
  const { status, stderr } = spawnSync(join(ROOT, 'lbctl'), ['validate', '-c', config], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stderr.match(/^(?:warning|error)\[.*?\]/gm), ['warning[no-listeners]']);
});

test('the service in the default configuration is valid once its comment signs are gone', () => {
  const text = readFileSync(join(ROOT, 'packaging/files/config.yaml'), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'packaging-config-'));
  try {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, text.replaceAll(/^# (?=node:|network:|listeners:| {2})/gm, ''));
    const { status, stdout, stderr } = spawnSync(join(ROOT, 'lbctl'), ['validate', '-c', path], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /1 listener, 1 pool, 1 VIP/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

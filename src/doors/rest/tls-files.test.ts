// TlsFiles: what could not be taken is tried again, whether the files change or not, and told once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TlsFiles } from './tls-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-tls-files-'));
after(() => rmSync(folder, { recursive: true }));
const settings = {
  certificate: join(folder, 'a.pem'),
  key: join(folder, 'a.key'),
  clients: [],
};
const DAY_MS = 86_400_000;

function issue(): void {
  const subject = ['-subj', '/CN=lb-a', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const out = ['-keyout', settings.key, '-out', settings.certificate];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...subject, ...out], { stdio: 'ignore' });
}

test('look() takes files that were refused for a passing reason, though they do not change', () => {
  issue();
  let nowMs = Date.now();
  const files = new TlsFiles(settings, () => nowMs);
  assert.equal(files.look(), undefined);
  issue();
  nowMs += 9 * DAY_MS;
  assert.match(String(files.look()), /expired/);
  assert.equal(files.look(), undefined, 'told once');
  nowMs -= 9 * DAY_MS;
  assert.equal(files.look(), files.material);
  assert.equal(files.look(), undefined);
});

test('look() survives a file that cannot even be looked at, and says so', () => {
  const files = new TlsFiles(settings, Date.now);
  renameSync(settings.key, `${settings.key}.away`);
  symlinkSync(settings.key, settings.key);
  assert.match(String(files.look()), /Cannot read ".*a\.key" of the API: ELOOP/);
  rmSync(settings.key);
  renameSync(`${settings.key}.away`, settings.key);
  assert.equal(files.look(), files.material);
});

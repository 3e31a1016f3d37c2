// FolderPki: it refuses to write over what is there, renews and takes back, and gives up nothing half done.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FolderPki } from './pki.ts';

const DAY = 86_400_000;
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function fresh(): { pki: FolderPki; folder: string; clock: { ms: number } } {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-pki-'));
  folders.push(folder);
  const clock = { ms: Date.now() };
  return { pki: new FolderPki(folder, () => clock.ms), folder, clock };
}

test('init() and issue() never write over what is there', () => {
  const { pki, folder } = fresh();
  assert.throws(() => pki.issue({ name: 'a', use: 'server', names: ['a'], days: 1 }), { code: 'NOT_FOUND' });
  pki.init({ name: 'ours', days: 100 });
  const before = readFileSync(join(folder, 'ca.key'), 'utf8');
  assert.throws(() => pki.init({ name: 'ours', days: 100 }), { code: 'CONFLICT' });
  assert.equal(readFileSync(join(folder, 'ca.key'), 'utf8'), before);
  pki.issue({ name: 'a', use: 'server', names: ['a.example.com'], days: 1 });
  assert.throws(() => pki.issue({ name: 'a', use: 'client', names: [], days: 1 }), { code: 'CONFLICT' });
  for (const name of ['../a', 'ca', '', '.hidden', 'a/b', 'x'.repeat(65)])
    assert.throws(() => pki.issue({ name, use: 'server', names: [], days: 1 }), { code: 'USAGE' }, name);
  assert.throws(() => pki.issue({ name: 'b', use: 'server', names: ['a b'], days: 1 }), { code: 'USAGE' });
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.endsWith('.tmp')),
    [],
  );
});

test('renew() keeps names, use and length, and never outlives the authority', () => {
  const { pki, clock } = fresh();
  pki.init({ name: 'ours', days: 30 });
  const first = pki.issue({ name: 'a', use: 'peer', names: ['a.example.com', '10.0.0.1'], days: 10 });
  clock.ms += 9 * DAY;
  const second = pki.renew('a');
  const third = pki.renew('a', 365);
  assert.notEqual(first.serial, second.serial);
  assert.deepEqual([second.names, second.use], [first.names, first.use]);
  assert.ok(Math.abs(second.notAfterMs - (clock.ms + 10 * DAY)) < 1000);
  assert.equal(third.notAfterMs, pki.list()[0]?.notAfterMs);
  const read = new X509Certificate(readFileSync(third.certificate));
  assert.equal(read.subjectAltName, 'DNS:a.example.com, IP Address:10.0.0.1');
  assert.deepEqual(
    pki.list().map((one) => one.state),
    ['valid', 'renewed', 'renewed', 'valid'],
  );
  clock.ms += 30 * DAY;
  assert.throws(() => pki.renew('a'), { code: 'CERTIFICATE_INVALID' });
});

test('revoke() takes back all that were issued under a name', () => {
  const { pki, folder } = fresh();
  pki.init({ name: 'ours', days: 30 });
  pki.issue({ name: 'a', use: 'client', role: 'viewer', names: [], days: 10 });
  pki.renew('a');
  const before = readFileSync(join(folder, 'ca.crl'), 'utf8');
  pki.revoke('a');
  assert.notEqual(readFileSync(join(folder, 'ca.crl'), 'utf8'), before);
  assert.deepEqual(
    pki.list().map((one) => one.state),
    ['valid', 'revoked', 'revoked'],
  );
  assert.throws(() => pki.revoke('a'), { code: 'NOT_FOUND' });
  assert.throws(() => pki.revoke('nobody'), { code: 'NOT_FOUND' });
});

test('a broken or foreign folder is told, not mended', () => {
  const { pki, folder } = fresh();
  pki.init({ name: 'ours', days: 30 });
  const other = fresh();
  other.pki.init({ name: 'theirs', days: 30 });
  const index = readFileSync(join(folder, 'index.json'), 'utf8');
  writeFileSync(join(folder, 'index.json'), index.slice(0, 10));
  assert.throws(() => pki.list(), { code: 'FILE_UNREADABLE' });
  writeFileSync(join(folder, 'index.json'), index);
  chmodSync(join(folder, 'ca.key'), 0o600);
  writeFileSync(join(folder, 'ca.key'), readFileSync(join(other.folder, 'ca.key')));
  assert.throws(() => pki.issue({ name: 'a', use: 'server', names: [], days: 1 }), {
    code: 'CERTIFICATE_INVALID',
  });
});

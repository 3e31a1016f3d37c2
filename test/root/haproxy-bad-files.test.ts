// Certificates and files that cannot be used come while others run: what is in place stays what HAProxy can start with.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificatePath, copyPath } from '../../src/drivers/haproxy/names.ts';
import { applyPhases, assertConverged, planOf } from '../conformance/converge.ts';
import { named, type Pem, TestCa } from './haproxy-certificates.ts';
import { Rig } from './haproxy-rig.ts';
import {
  closeMembers,
  HTTP,
  poolOf,
  put,
  startMember,
  tlsOf,
  VIP,
  type Wanted,
  worldOf,
} from './haproxy-site.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-haproxy-files-'));
const ca = new TestCa(folder);
const shop = ca.issue('shop.example.com');
const other = ca.issue('other.example.com');
const expired = ca.issue('expired', ['shop.example.com'], -1);
const weak = ca.weak('weak');
const live: Pem = { certificate: join(folder, 'live.pem'), key: join(folder, 'live.key') };
const clients = join(folder, 'clients.pem');
const rig = new Rig();
const driver = rig.open();
let one = 0;

before(async () => {
  one = await startMember('one');
});

after(async () => {
  await rig.close();
  await closeMembers();
  rmSync(folder, { recursive: true, force: true });
});

function secure(names: readonly string[], more: Parameters<typeof tlsOf>[1] = {}): Wanted {
  return {
    name: 'secure',
    port: 8443,
    members: [one],
    listener: { protocol: 'https', tls: tlsOf(names, more) },
  };
}

const API = { type: 'path', compare: 'starts', value: '/api', invert: false } as const;

function plain(port: number): Wanted {
  return { name: `plain-${port}`, port, members: [one] };
}

/** Codes of what failed, by step. */
async function failures(world: ReturnType<typeof worldOf>): Promise<Record<string, string>> {
  const { steps } = await planOf(driver, world);
  const results = await applyPhases(driver, steps);
  return Object.fromEntries(
    results.flatMap((result) => (result.ok ? [] : [[result.step.item.key, result.error.code]])),
  );
}

test('a renewed certificate that HAProxy refuses stays wrong, and is in nobody’s way', async () => {
  const site = (ports: readonly number[]) =>
    worldOf({
      listeners: [secure(['live']), ...ports.map(plain)],
      certificates: [named('live', live)],
    });
  copyFileSync(shop.certificate, live.certificate);
  copyFileSync(shop.key, live.key);
  await put(driver, site([]));

  copyFileSync(weak.certificate, live.certificate);
  copyFileSync(weak.key, live.key);
  for (let time = 0; time < 2; time++)
    assert.deepEqual(await failures(site([])), { 'certificate live': 'CERTIFICATE_INVALID' });
  assert.deepEqual(await failures(site([8101])), { 'certificate live': 'CERTIFICATE_INVALID' });

  assert.equal((await fetch(`http://${VIP}:8101/`)).status, 200);
  const place = certificatePath({ runDir: rig.runDir }, 'live');
  assert.ok(readFileSync(place, 'utf8').includes(readFileSync(shop.certificate, 'utf8').trim()));
});

test('an authority of clients that HAProxy refuses fails alone, and its copy stays the last good one', async () => {
  const site = (ports: readonly number[]) =>
    worldOf({
      listeners: [secure(['shop'], { clientAuth: 'required', clientCa: clients }), ...ports.map(plain)],
      certificates: [named('shop', shop)],
    });
  copyFileSync(ca.ca.certificate, clients);
  await put(driver, site([]));

  writeFileSync(clients, 'no certificate\n');
  assert.deepEqual(await failures(site([8102])), { [`file ${clients}`]: 'HAPROXY_REFUSED' });

  assert.equal((await fetch(`http://${VIP}:8102/`)).status, 200);
  const copy = readFileSync(copyPath({ runDir: rig.runDir }, clients), 'utf8');
  assert.equal(copy, readFileSync(ca.ca.certificate, 'utf8'));
});

test('a certificate stays for as long as a listener runs with it, whatever is wanted', async () => {
  const first = worldOf({ listeners: [secure(['shop'])], certificates: [named('shop', shop)] });
  const bad = worldOf({ listeners: [secure(['new'])], certificates: [named('new', expired)] });
  const good = worldOf({ listeners: [secure(['new'])], certificates: [named('new', other)] });
  await put(driver, first);

  assert.deepEqual(await failures(bad), {
    'certificate new': 'CERTIFICATE_INVALID',
    [`tcp/${VIP}:8443`]: 'CERTIFICATE_INVALID',
    'certificate shop': 'OBJECT_IN_USE',
  });
  const { ok } = await rig.process.validate(rig.process.config);
  assert.ok(ok, 'what runs can be started again');

  await put(driver, good);
  await assertConverged(driver, good);
});

test('requests for a pool that cannot be made are refused, not served by the pool of the listener', async () => {
  const inside = join(folder, 'inside.pem');
  const rules = [{ name: 'api', matches: [API], action: { kind: 'pool', pool: 'api' } }] as const;
  const world = worldOf({
    listeners: [{ ...plain(8103), listener: { http: { ...HTTP, rules } } }],
    pools: [poolOf('api', [one], { tls: { verify: true, ca: inside, alpn: [] } })],
  });

  const codes = await failures(world);

  assert.equal(codes[`tcp/${VIP}:8103 pool api`], 'FILE_UNREADABLE');
  assert.equal((await fetch(`http://${VIP}:8103/api`)).status, 503);
  assert.equal((await fetch(`http://${VIP}:8103/`)).status, 200);
});

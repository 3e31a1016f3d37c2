// Who is refused is counted by listener and reason, and goes on being counted through reloads and the death of HAProxy.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import type { HaproxyDriver } from '../../src/drivers/haproxy/haproxy-driver.ts';
import { pause } from '../../src/drivers/haproxy/process.ts';
import type { World } from '../../src/model/world.ts';
import { named, TestCa } from './haproxy-certificates.ts';
import { withRig } from './haproxy-load.ts';
import { closeMembers, HTTP, put, startMember, tlsOf, VIP, worldOf } from './haproxy-site.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-refused-'));
const ca = new TestCa(folder);
const certificates = [named('site', ca.issue('site'))];

after(async () => {
  await closeMembers();
  rmSync(folder, { recursive: true });
});

const NO = { value: '/no', compare: 'equal', type: 'path', invert: false } as const;
const ODD = { ...NO, value: '/odd' } as const;

function site(members: readonly number[], round: number): World {
  const rules = [
    { name: 'no', matches: [NO], action: { kind: 'reject', code: 403 } },
    { name: 'odd', matches: [ODD], action: { kind: 'reject', code: 418 } },
  ] as const;
  const http = { ...HTTP, rules, setHeaders: { Round: `${round}` } };
  const tls = tlsOf(['site'], { clientAuth: 'required', clientCa: ca.ca.certificate });
  return worldOf({
    listeners: [
      { name: 'open', port: 8080, members, listener: { http } },
      { name: 'shut', port: 8081, members, listener: { allowedSources: ['192.0.2.0/24'], http } },
      { name: 'secure', port: 8443, members, listener: { protocol: 'https', tls, http } },
    ],
    certificates,
  });
}

/** One of each. A kept connection would bring the next one to a worker that is ending, whose last figures nobody reads. */
async function beRefused(): Promise<void> {
  const fetch = (url: string) => globalThis.fetch(url, { headers: { connection: 'close' } });
  assert.equal((await fetch(`http://${VIP}:8080/no`)).status, 403);
  assert.equal((await fetch(`http://${VIP}:8080/odd`)).status, 418);
  await assert.rejects(fetch(`http://${VIP}:8081/`));
  await new Promise((done) =>
    connect({ host: VIP, port: 8443, rejectUnauthorized: false })
      .on('error', () => {})
      .on('close', done)
      .resume(),
  );
}

async function refusals(driver: HaproxyDriver): Promise<Readonly<Record<string, unknown>>> {
  const counters = await driver.counters();
  return Object.fromEntries(
    [8080, 8081, 8443].map((port) => [
      port,
      counters.find(({ key }) => key === `tcp/${VIP}:${port}`)?.refused,
    ]),
  );
}

function wanted(times: bigint): Readonly<Record<string, unknown>> {
  return {
    8080: { rule: 2n * times, request: 0n },
    8081: { source: times, rule: 0n, request: 0n },
    8443: { tls: times, rule: 0n, request: 0n },
  };
}

test('who is refused is counted by reason, through a reload and the death of HAProxy', async () => {
  const ports = [await startMember('one')];
  await withRig(
    async (rig, driver) => {
      await put(driver, site(ports, 0));
      await beRefused();
      assert.deepEqual(await refusals(driver), wanted(1n));

      await put(driver, site(ports, 1));
      await beRefused();
      assert.deepEqual(await refusals(driver), wanted(2n));

      const pid = rig.process.pid()!;
      process.kill(pid, 'SIGKILL');
      for (let tries = 0; tries < 100 && [undefined, pid].includes(rig.process.pid()); tries++)
        await pause(50);
      for (let tries = 0; tries < 100 && (await rig.process.generation()) === undefined; tries++)
        await pause(50);
      await beRefused();
      assert.deepEqual(await refusals(driver), wanted(3n));
    },
    { supervise: true },
  );
});

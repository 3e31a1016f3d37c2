// HTTP/3 with the HAProxy of the next Debian, whose binary has QUIC, and a real client.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { probeHaproxy } from '../../src/drivers/haproxy/open-haproxy.ts';
import { assertConverged } from '../conformance/converge.ts';
import { named, TestCa } from './haproxy-certificates.ts';
import { askH3, nextHaproxy } from './haproxy-next.ts';
import { Rig } from './haproxy-rig.ts';
import { closeMembers, HTTP, put, startMember, type Told, tlsOf, VIP, worldOf } from './haproxy-site.ts';

test('HTTP/3 is served beside HTTP/2 on the same port, told of in answers, and survives a reload', async () => {
  const binary = nextHaproxy();
  const { features } = probeHaproxy(binary);
  assert.ok(features?.quic, 'it has QUIC');
  const folder = mkdtempSync(join(tmpdir(), 'sy-haproxy-quic-'));
  const ca = new TestCa(folder);
  const shop = ca.issue('shop.example.com');
  const rig = new Rig({ binary, limitedQuic: features.limitedQuic });
  try {
    const member = await startMember('one');
    const world = (round: number) =>
      worldOf({
        listeners: [
          {
            name: 'three',
            port: 8470,
            members: [member],
            listener: {
              protocol: 'https',
              tls: tlsOf(['shop'], { alpn: ['h3', 'h2', 'http/1.1'] }),
              http: {
                ...HTTP,
                insertHeaders: ['X-Forwarded-For', 'X-Forwarded-Proto'],
                setHeaders: { 'X-Round': String(round) },
                rules: [
                  {
                    name: 'closed',
                    matches: [{ type: 'path', compare: 'starts', value: '/closed', invert: false }],
                    action: { kind: 'reject', code: 403 },
                  },
                ],
              },
            },
          },
        ],
        certificates: [named('shop', shop)],
      });
    const driver = rig.open();
    const h3 = (path: string) => askH3(VIP, 8470, `https://shop.example.com:8470${path}`);
    for (const round of [1, 2]) {
      await put(driver, world(round));
      await assertConverged(driver, world(round));

      const { said, body } = await h3('/hello');
      assert.match(said, /\[:status: 200\]/);
      assert.match(said, new RegExp(`\\[x-round: ${round}\\]`));
      // What the member was told, as it tells it back.
      const { url, headers } = JSON.parse(body) as Told;
      assert.deepEqual(
        [url, headers['x-forwarded-for'], headers['x-forwarded-proto']],
        ['/hello', '127.0.0.1', 'https'],
      );
      assert.match((await h3('/closed/x')).said, /\[:status: 403\]/);
    }
    assert.equal(await altSvc(), 'h3=":8470"; ma=86400');
  } finally {
    await rig.close();
    await closeMembers();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** How a client over TCP hears of it. */
function altSvc(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: VIP, port: 8470, servername: 'shop.example.com', rejectUnauthorized: false },
      (answer) => {
        answer.resume();
        resolve(answer.headers['alt-svc']);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
